import type { AccessBinding } from "../../core/access/access.ts";
import { replaceBindings } from "../../core/access/change-bindings.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { CallServices } from "../operations/run-call.ts";
import { checkGiven, writeBindings, type BindingsRequest } from "./write-bindings.ts";

/** Makes the bindings of a resource these and no others; a subject may so lose its own. */
export async function setBindings(
  services: CallServices,
  request: BindingsRequest & { readonly bindings: readonly AccessBinding[] },
): Promise<Operation> {
  const given = request.bindings.map((binding, index) => ({
    binding,
    field: `access_bindings[${index}]`,
  }));
  checkGiven(request.resource, given);
  return await writeBindings(
    services,
    request,
    { label: "set-bindings", description: "Set access bindings", field: "access_bindings" },
    (before) => replaceBindings(before, request.bindings),
  );
}
