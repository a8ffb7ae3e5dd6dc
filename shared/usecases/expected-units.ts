import { runKeyOf, type ProjectId, type RunId, type ScheduleName } from "../core/ids.ts";
import { inTurn, tiesIn, type Place, type UnitsOf } from "../core/run/turn-order.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import type { Reader } from "../ports/store.ts";
import { learntIn, readOutlooks } from "../records/outlook-record.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import { estimateIn } from "./estimates.ts";

/**
 * Puts runs of a project that wait in the order of their turn. What they are expected to spend is read
 * only where that decides, and only what was learnt: a definition for each would cost a row each, and
 * whoever decides about them has their definitions and puts them in order once more.
 */
export async function waitingInTurn<T extends Place>(
  reader: Reader,
  project: ProjectId,
  waiting: { readonly places: readonly T[]; readonly now: Instant },
): Promise<readonly T[]> {
  const { places, now } = waiting;
  const areOfOne = tiesIn(places, now).every((tie) => new Set(tie.map(scheduleOf)).size === 1);
  if (areOfOne) return inTurn(places, () => undefined, now);
  const [outlook] = await readOutlooks(reader, [project]);
  const unitsOf: UnitsOf = (run) => {
    const schedule = scheduleOf({ run });
    return schedule && outlook && learntIn(outlook, schedule)?.units;
  };
  return inTurn(places, unitsOf, now);
}

function scheduleOf({ run }: Pick<Place, "run">): ScheduleName | undefined {
  return runKeyOf(run)?.schedule;
}

/** A run that is decided on, with what is known of its project. */
export interface ToEstimate {
  readonly run: RunId;
  readonly account: Account;
  readonly definition: DefinitionRecord | undefined;
}

/** What runs are expected to spend, each as an estimate of its schedule says. Reads the outlooks. */
export async function expectedUnits(reader: Reader, runs: readonly ToEstimate[]): Promise<UnitsOf> {
  const projects = [...new Set(runs.map(({ account }) => account.project))];
  const outlooks = new Map(
    (await readOutlooks(reader, projects)).map((outlook) => [outlook.project, outlook]),
  );
  const units = new Map<string, number | undefined>(
    runs.map(({ run, account, definition }) => {
      const outlook = outlooks.get(account.project);
      const isKnown = outlook !== undefined && definition !== undefined;
      return [run, isKnown ? estimateIn({ account, outlook }, definition)?.units : undefined];
    }),
  );
  return (run) => units.get(run);
}
