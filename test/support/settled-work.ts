import {
  adHocSchedule,
  attemptIdOf,
  runIdOf,
  scheduleName,
  type ProjectId,
} from "../../shared/core/ids.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { record } from "../../shared/core/units/account.ts";
import type { Entry } from "../../shared/core/units/ledger.ts";
import type { Store } from "../../shared/ports/store.ts";
import { readAccount, writeAccount } from "../../shared/records/account-record.ts";

/** An execution that was admitted, ran and was settled. */
export interface Work {
  /** Of `null` a caller started it. */
  readonly schedule: string | null;
  readonly endedAt: Instant;
  /** How long after its end it was settled. */
  readonly lateMs?: number;
  readonly units: number;
  /** What was held for it; as much as it spent, unless given. */
  readonly heldUnits?: number;
}

let works = 0;

/** Posts the entries of work, some runs to a transaction, and answers with all of them. */
export async function settleWork(
  store: Store,
  project: ProjectId,
  done: readonly Work[],
): Promise<readonly Entry[]> {
  const posted: Entry[] = [];
  for (let from = 0; from < done.length; from += 100) {
    const first = works;
    const entries = await store.transact("settle", async (tx) => {
      works = first;
      const all: Entry[] = [];
      for (const work of done.slice(from, from + 100)) all.push(...(await post(tx, project, work)));
      return all;
    });
    posted.push(...entries);
  }
  return posted;
}

async function post(
  tx: Parameters<Parameters<Store["transact"]>[1]>[0],
  project: ProjectId,
  { schedule, endedAt, units, lateMs = 0, heldUnits = units }: Work,
): Promise<readonly Entry[]> {
  works += 1;
  const name = schedule === null ? adHocSchedule(project) : scheduleName(schedule);
  const reservation = attemptIdOf(runIdOf({ schedule: name, nominalAt: endedAt }, `${works}`), 1);
  const startAt = plusMs(endedAt, -units * 1_000);
  const held = { startAt, endAt: endedAt, rate: 1, units: heldUnits };
  const spend = { startAt, endAt: endedAt, rate: 1, units };
  const covered = Math.min(units, heldUnits);
  const account = await readAccount(tx, project);
  const posting = record(
    account,
    [
      { kind: "hold", reservation, units: heldUnits, spend: held, reason: "admitted" },
      { kind: "settle", reservation, units: covered, spend, reason: "ended" },
      ...(covered === units
        ? []
        : [{ kind: "adjust", reservation, units: covered - units, reason: "overrun" } as const]),
    ],
    plusMs(endedAt, lateMs),
  );
  await writeAccount(tx, posting.account, posting.entries);
  return posting.entries;
}
