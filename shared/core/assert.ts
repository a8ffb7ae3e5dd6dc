/** Marks a branch the types prove unreachable; reaching it is our bug and says so. */
export function assertNever(value: never): never {
  throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}

/** States an invariant; a broken one is our bug, never the caller's input. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`Invariant broken: ${invariant}`);
}
