import type { AccessBinding, AccessResource } from "../../core/access/access.ts";
import { checkBinding } from "../../core/access/check-binding.ts";
import type { BindingChange } from "../../core/access/change-bindings.ts";
import { OrreryError } from "../../core/errors.ts";
import type { OperationOwner } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { addBinding, removeBinding } from "../../records/binding-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { allBindings } from "./all-bindings.ts";
import { requireHolder } from "./require-holder.ts";

/** A change of the bindings of one resource. */
export interface BindingsRequest extends CallerRequest {
  readonly resource: AccessResource;
  readonly metadata: (id: string) => AnyJson;
  readonly response: AnyJson;
}

/** A binding that a caller names, and where in its request it stands. */
export interface GivenBinding {
  readonly field: string;
  readonly binding: AccessBinding;
}

/** Throws `ARGUMENT_INVALID` with everything that is wrong with the bindings a caller names. */
export function checkGiven(resource: AccessResource, given: readonly GivenBinding[]): void {
  const fields = given.flatMap(({ binding, field }) => checkBinding(binding, resource.kind, field));
  const [first] = fields;
  if (first === undefined) return;
  const message = `Access bindings of ${resource.kind} ${resource.id}: ${first.field}: ${first.description}`;
  throw new OrreryError("ARGUMENT_INVALID", message, { fields });
}

/**
 * Changes the bindings of a resource in one transaction: `change` gets all there are, and either
 * everything it answers is written or nothing. `ARGUMENT_INVALID` where there would be too many.
 */
export async function writeBindings(
  services: CallServices,
  request: BindingsRequest,
  does: { readonly label: string; readonly description: string; readonly field: string },
  change: (before: readonly AccessBinding[]) => BindingChange,
): Promise<Operation> {
  const { resource } = request;
  return await runCall(services, request, does.label, async (tx) => {
    const owner: OperationOwner = await requireHolder(tx, resource);
    const { added, removed, count } = change(await allBindings(tx, resource));
    if (count > limits.bindingsPerResource) throw tooMany(resource, count, does.field);
    for (const binding of removed) removeBinding(tx, resource, binding);
    for (const binding of added) addBinding(tx, resource, binding);
    return {
      owner,
      description: does.description,
      metadata: request.metadata(resource.id),
      response: request.response,
    };
  });
}

function tooMany(resource: AccessResource, count: number, field: string): OrreryError {
  const description = `There would be ${count} bindings, and a ${resource.kind} has at most ${limits.bindingsPerResource}: remove others first`;
  return new OrreryError("ARGUMENT_INVALID", `${resource.kind} ${resource.id}: ${description}`, {
    fields: [{ field, description }],
  });
}
