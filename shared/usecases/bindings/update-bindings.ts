import { applyDeltas, type BindingDelta } from "../../core/access/change-bindings.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { CallServices } from "../operations/run-call.ts";
import { checkGiven, writeBindings, type BindingsRequest } from "./write-bindings.ts";

/** Adds and removes single bindings of a resource, in their order, all or none. */
export async function updateBindings(
  services: CallServices,
  request: BindingsRequest & { readonly deltas: readonly BindingDelta[] },
): Promise<Operation> {
  const given = request.deltas.map(({ binding }, index) => ({
    binding,
    field: `access_binding_deltas[${index}].access_binding`,
  }));
  checkGiven(request.resource, given);
  return await writeBindings(
    services,
    request,
    {
      label: "update-bindings",
      description: "Update access bindings",
      field: "access_binding_deltas",
    },
    (before) => applyDeltas(before, request.deltas),
  );
}
