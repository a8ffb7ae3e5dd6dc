import { assert } from "../core/assert.ts";
import type { ProjectId, RunId } from "../core/ids.ts";
import { eligibleAt } from "../core/run/due.ts";
import { rankOf } from "../core/run/priority.ts";
import { isFinal, liveAttempt } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { readAccount, writeAccount } from "../records/account-record.ts";
import { readRuns, type RunRecord } from "../records/run-record.ts";
import {
  admissionFacts,
  projectStanding,
  type ProjectStanding,
  type Seen,
} from "./admission-facts.ts";
import { writeDecision, type SubmitResult } from "./admit-run.ts";
import { decideInTurn, type Decisions, type DueFacts } from "./decide-in-turn.ts";
import type { Look } from "./nudge.ts";

/** A look at a run that may be due, and what was seen for it beforehand. */
export interface Wanted extends Omit<Seen, "now">, Pick<Look, "chain" | "project"> {
  readonly id: RunId;
  /** Before its definition was read. */
  readonly seenAt: Instant;
}

interface Due {
  readonly record: RunRecord;
  readonly seen: Seen & Pick<Look, "chain">;
}

/**
 * Decides about runs and writes each decision with everything it entails, all in one transaction:
 * the reservation, its ledger entry, the attempt and its operation; or the wait; or the end. Each is
 * decided on in its turn, as if those before it had been written: they share the account, which is
 * read and written once. Of a schedule whose runs may not overlap there is one at most, and most of
 * them are of one project.
 *
 * What a run is to do was read a moment before (`definition`): a configuration that changes in
 * between changes the runs after this one, as it does right after an admission. But one that was read
 * before the run was due says nothing of a pause that began before that: then it is read anew.
 */
export async function admitRuns(
  tx: Transaction,
  wanted: readonly Wanted[],
  now: Instant,
): Promise<readonly SubmitResult[]> {
  const ids = wanted.map(({ id }) => id);
  const [records] = await Promise.all([readRuns(tx, ids), readAhead(tx, wanted)]);
  const standings = wanted.map((each, index) => standingOf(records[index], each, now));
  const due = standings.flatMap((each) => ("record" in each ? [each] : []));
  const facts = await factsOf(tx, due, now);
  const decisions = await decideInTurn(tx, [...facts.values()], now);
  // All is read by now that a scan reads: it could not look past what is written from here on.
  const results: SubmitResult[] = [];
  for (const each of standings) {
    results.push("record" in each ? await written(tx, each, { facts, decisions }) : each);
  }
  for (const { account, entries } of decisions.projects) {
    if (entries.length > 0) await writeAccount(tx, account, entries);
  }
  return results;
}

/**
 * The account of several runs is asked for together with them, because one request costs less than
 * two. One run may be decided on by now, and then it is all that is read.
 */
async function readAhead(tx: Transaction, wanted: readonly Wanted[]): Promise<void> {
  if (wanted.length === 1) return;
  const projects = new Set(wanted.flatMap(({ project }) => project ?? []));
  await Promise.all([...projects].map(async (project) => await readAccount(tx, project)));
}

function standingOf(
  record: RunRecord | undefined,
  { chain, seenAt, definition, refusal, unanswered }: Wanted,
  now: Instant,
): Exclude<SubmitResult, { readonly outcome: "decided" }> | Due {
  if (record === undefined || isFinal(record.run.state)) return { outcome: "over" };
  const { run, timer } = record;
  if (liveAttempt(run) !== undefined) return { outcome: "live", run, chain: timer?.dueAt };
  const dueAt = eligibleAt(run);
  if (dueAt > seenAt) return { outcome: "early", dueAt };
  return { record, seen: { now, definition, refusal, unanswered, chain } };
}

async function factsOf(
  tx: Transaction,
  due: readonly Due[],
  now: Instant,
): Promise<ReadonlyMap<Due, DueFacts>> {
  const reading = new Map<ProjectId, Promise<ProjectStanding>>();
  const standingFor = async (project: ProjectId): Promise<ProjectStanding> => {
    // Whoever of them leaves the line shows the one behind.
    const asking = due.flatMap(({ record: { run } }) => (run.project === project ? [run] : []));
    const length = 1 + asking.filter(({ waitingSince }) => waitingSince !== undefined).length;
    const lastRank = Math.max(...asking.map(({ priority }) => rankOf(priority)));
    const standing =
      reading.get(project) ?? projectStanding(tx, project, { length, lastRank, now });
    reading.set(project, standing);
    return await standing;
  };
  const facts = due.map(async (each): Promise<[Due, DueFacts]> => {
    const { run } = each.record;
    const standing = standingFor(run.project);
    const known = await admissionFacts(tx, run, each.seen, standing);
    const { definition } = each.seen;
    return [each, { facts: known, standing: await standing, definition }];
  });
  return new Map(await Promise.all(facts));
}

async function written(
  tx: Transaction,
  due: Due,
  known: { readonly facts: ReadonlyMap<Due, DueFacts>; readonly decisions: Decisions },
): Promise<SubmitResult> {
  const { record, seen } = due;
  const { run } = record;
  const decision = known.decisions.of.get(run.id);
  assert(decision !== undefined, `${run.id} was decided on`);
  const provider = known.facts.get(due)?.standing.account.provider;
  const isWoken = provider === undefined && seen.unanswered === undefined;
  return {
    outcome: "decided",
    isFirstLook: run.state === "queued",
    followers: [],
    ...(await writeDecision(tx, record, decision, { ...seen, isWoken })),
  };
}
