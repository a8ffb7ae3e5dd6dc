/**
 * Looks up references of the form `env:NAME` in an environment, at the moment of each call.
 * Undefined for another form, and for a variable that is unset or empty.
 */
export function environmentSecrets(
  environment: Readonly<Record<string, string | undefined>>,
): (reference: string) => string | undefined {
  return (reference) => {
    const name = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(reference)?.[1];
    // A plain object inherits `constructor` and its like; those are nobody's secrets.
    if (name === undefined || !Object.hasOwn(environment, name)) return undefined;
    return environment[name] === "" ? undefined : environment[name];
  };
}
