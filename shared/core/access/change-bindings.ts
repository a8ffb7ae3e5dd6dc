import type { AccessBinding } from "./access.ts";

/** One change of a resource's bindings. */
export interface BindingDelta {
  readonly action: "add" | "remove";
  readonly binding: AccessBinding;
}

/** What has to be written for bindings to become others. */
export interface BindingChange {
  readonly added: readonly AccessBinding[];
  readonly removed: readonly AccessBinding[];
  /** How many there are afterwards. */
  readonly count: number;
}

/** The change that makes `before` exactly `wanted`; naming a binding twice is naming it once. */
export function replaceBindings(
  before: readonly AccessBinding[],
  wanted: readonly AccessBinding[],
): BindingChange {
  return changeBetween(byKey(before), byKey(wanted));
}

/**
 * The change that deltas make, taken in their order: adding what is there and removing what is not
 * change nothing, and the last word on a binding counts.
 */
export function applyDeltas(
  before: readonly AccessBinding[],
  deltas: readonly BindingDelta[],
): BindingChange {
  const after = byKey(before);
  for (const { action, binding } of deltas) {
    if (action === "add") after.set(keyOf(binding), binding);
    else after.delete(keyOf(binding));
  }
  return changeBetween(byKey(before), after);
}

function changeBetween(
  before: ReadonlyMap<string, AccessBinding>,
  after: ReadonlyMap<string, AccessBinding>,
): BindingChange {
  return {
    added: [...after].flatMap(([key, binding]) => (before.has(key) ? [] : [binding])),
    removed: [...before].flatMap(([key, binding]) => (after.has(key) ? [] : [binding])),
    count: after.size,
  };
}

function byKey(bindings: readonly AccessBinding[]): Map<string, AccessBinding> {
  return new Map(bindings.map((binding) => [keyOf(binding), binding]));
}

/** No part can run into the next: a type has no colon, and a role id follows a space. */
function keyOf({ subject, roleId }: AccessBinding): string {
  return `${subject.type}:${subject.id} ${roleId}`;
}
