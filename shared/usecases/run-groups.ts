import { OrreryError } from "../core/errors.ts";
import type { RunId } from "../core/ids.ts";
import type { Look } from "./nudge.ts";

/** A look at a run, as a message asks for it. */
export interface RunLook extends Look {
  readonly run: RunId;
}

/**
 * Takes looks at runs, those of one project together and the projects side by side, so that none
 * waits for another one's (P7). A look that does not say its project goes alone. Resolves to what
 * failed, an error for each look.
 */
export async function byProject(
  looks: readonly RunLook[],
  take: (group: readonly RunLook[]) => Promise<readonly unknown[]>,
): Promise<readonly unknown[]> {
  const groups = grouped(looks, ({ project }) => project);
  const failures = await Promise.all(
    groups.map(async (group) => {
      try {
        return await take(group);
      } catch (error) {
        return group.map(() => error);
      }
    }),
  );
  return failures.flat();
}

/**
 * Things in rounds, to be taken one round after the other: in each there is at most one with a key,
 * because what is decided about it decides about the next.
 */
export function roundsOf<T>(
  things: readonly T[],
  keyOf: (thing: T) => string,
): readonly (readonly T[])[] {
  const rounds: T[][] = [];
  for (const thing of things) {
    const key = keyOf(thing);
    const round = rounds.find((each) => each.every((other) => keyOf(other) !== key));
    if (round === undefined) rounds.push([thing]);
    else round.push(thing);
  }
  return rounds;
}

/**
 * Does work on several things in one transaction. Where that fails and one of them may be the cause,
 * each is done on its own, so that it does not hold up the others; what the store cannot do now it
 * could not do as often as that either.
 */
export async function togetherOrAlone<T, Result>(
  things: readonly T[],
  transact: (things: readonly T[]) => Promise<readonly Result[]>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  if (things.length === 0) return [];
  try {
    const results = await transact(things);
    return results.map((value) => ({ status: "fulfilled", value }));
  } catch (reason) {
    if (things.length === 1 || isTemporary(reason)) {
      return things.map(() => ({ status: "rejected", reason }));
    }
    return (
      await Promise.all(things.map(async (each) => await togetherOrAlone([each], transact)))
    ).flat();
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof OrreryError && error.retry !== "never";
}

/** What was done, and what failed. */
export function sorted<Result>(results: readonly PromiseSettledResult<Result>[]): {
  readonly done: readonly Result[];
  readonly failures: readonly unknown[];
} {
  return {
    done: results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])),
    failures: results.flatMap((each) =>
      each.status === "rejected" ? [each.reason as unknown] : [],
    ),
  };
}

/** Things with the same key together, in the order of their firsts; one without a key is alone. */
function grouped<T>(things: readonly T[], keyOf: (thing: T) => string | undefined): T[][] {
  const groups: T[][] = [];
  const byKey = new Map<string, T[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const group = key === undefined ? undefined : byKey.get(key);
    if (group !== undefined) {
      group.push(thing);
      continue;
    }
    const begun = [thing];
    groups.push(begun);
    if (key !== undefined) byKey.set(key, begun);
  }
  return groups;
}
