import {
  attemptIdOf,
  attemptKeyOf,
  projectId,
  type AttemptId,
  type ProjectId,
} from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { liveAttempt } from "../../core/run/run.ts";
import type { Account } from "../../core/units/account.ts";
import type { Reader } from "../../ports/store.ts";
import { scanAccounts } from "../../records/account-record.ts";
import { readRuns } from "../../records/run-record.ts";
import type { SweepPage } from "./sweep.ts";

/** A reservation whose attempt is not live, so that nobody will ever settle it. */
export interface Orphan {
  readonly project: ProjectId;
  readonly attempt: AttemptId;
  readonly units: number;
}

/**
 * Reservations of the next accounts behind `after`, and those of them without an owner. An attempt
 * ends and gives its reservation back in one transaction, so in a snapshot none is ever between.
 */
export async function findOrphans(
  reader: Reader,
  after: string | undefined,
): Promise<SweepPage<Orphan>> {
  const accounts = await scanAccounts(reader, {
    limit: limits.auditAccounts,
    after: after === undefined ? undefined : projectId(after),
  });
  const wrong = await orphansAmong(reader, accounts);
  const seen = accounts.reduce((sum, { open }) => sum + open.length, 0);
  const last = accounts.at(-1)?.project;
  const isLastPage = accounts.length < limits.auditAccounts;
  return { seen, wrong, after: isLastPage ? undefined : last };
}

/** The reservations of these accounts without an owner, read in the same snapshot as they were. */
export async function orphansAmong(
  reader: Reader,
  accounts: readonly Pick<Account, "project" | "open">[],
): Promise<readonly Orphan[]> {
  const held = accounts.flatMap(({ project, open }) =>
    open.map(({ attempt, units }) => ({ project, attempt, units })),
  );
  const owners = held.map(({ attempt }) => attemptKeyOf(attempt));
  const runs = await readRuns(reader, [...new Set(owners.flatMap((owner) => owner?.run ?? []))]);
  const live = new Set(
    runs.flatMap((record) => {
      if (record === undefined) return [];
      const attempt = liveAttempt(record.run);
      return attempt === undefined ? [] : [attemptIdOf(record.run.id, attempt.number)];
    }),
  );
  return held.filter(({ attempt }) => !live.has(attempt));
}
