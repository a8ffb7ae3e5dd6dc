import { assert } from "../core/assert.ts";
import type { ProjectId, RunId } from "../core/ids.ts";
import {
  decideAdmission,
  type AdmissionDecision,
  type AdmissionFacts,
} from "../core/run/decide-admission.ts";
import { eligibleAt } from "../core/run/due.ts";
import { isFinal, liveAttempt } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import type { Entry } from "../core/units/ledger.ts";
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
import type { Look } from "./nudge.ts";

/** A look at a run that may be due, and what was seen for it beforehand. */
export interface Wanted extends Omit<Seen, "now">, Pick<Look, "chain" | "project"> {
  readonly id: RunId;
}

interface Due {
  readonly record: RunRecord;
  readonly seen: Seen & Pick<Look, "chain">;
}

/**
 * Decides about runs and writes each decision with everything it entails, all in one transaction:
 * the reservation, its ledger entry, the attempt and its operation; or the wait; or the end. Each is
 * decided on as if those before it had been written: they share the account, which is read and
 * written once. Of a schedule whose runs may not overlap there is one at most, and most of them are of
 * one project.
 *
 * What a run is to do was read a moment before (`definition`): a configuration that changes in
 * between changes the runs after this one, as it does right after an admission.
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
  const facts = await factsOf(tx, due);
  // All is read by now that a scan reads: it could not look past what is written from here on.
  const projects = new Map<ProjectId, ProjectSoFar>();
  const results: SubmitResult[] = [];
  for (const each of standings) {
    results.push("record" in each ? await decided(tx, each, { facts, projects }) : each);
  }
  for (const { account, entries } of projects.values()) {
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
  { chain, definition, refusal, unanswered }: Wanted,
  now: Instant,
): Exclude<SubmitResult, { readonly outcome: "decided" }> | Due {
  if (record === undefined || isFinal(record.run.state)) return { outcome: "over" };
  const { run, timer } = record;
  if (liveAttempt(run) !== undefined) return { outcome: "live", run, chain: timer?.dueAt };
  const dueAt = eligibleAt(run);
  if (dueAt > now) return { outcome: "early", dueAt };
  return { record, seen: { now, definition, refusal, unanswered, chain } };
}

/** What is known of a run, with how its project stood before any of them was decided on. */
interface Facts {
  readonly facts: AdmissionFacts;
  readonly standing: ProjectStanding;
}

/** How a project stands after those that were decided on so far. */
interface ProjectSoFar {
  readonly account: Account;
  readonly entries: readonly Entry[];
  /** Runs that wait for its limits no more. */
  readonly gone: ReadonlySet<RunId>;
}

async function factsOf(tx: Transaction, due: readonly Due[]): Promise<ReadonlyMap<Due, Facts>> {
  const reading = new Map<ProjectId, Promise<ProjectStanding>>();
  const standingFor = async (project: ProjectId): Promise<ProjectStanding> => {
    // Whoever of them leaves the line shows the one behind.
    const ofLine = due.filter(
      ({ record: { run } }) => run.project === project && run.waitingSince !== undefined,
    );
    const standing = reading.get(project) ?? projectStanding(tx, project, 1 + ofLine.length);
    reading.set(project, standing);
    return await standing;
  };
  const facts = due.map(async (each): Promise<[Due, Facts]> => {
    const { run } = each.record;
    const standing = standingFor(run.project);
    const known = await admissionFacts(tx, run, each.seen, standing);
    return [each, { facts: known, standing: await standing }];
  });
  return new Map(await Promise.all(facts));
}

async function decided(
  tx: Transaction,
  due: Due,
  known: {
    readonly facts: ReadonlyMap<Due, Facts>;
    readonly projects: Map<ProjectId, ProjectSoFar>;
  },
): Promise<SubmitResult> {
  const { record, seen } = due;
  const { run } = record;
  const { facts: before, standing } = factsFor(known.facts, due);
  const soFar = known.projects.get(run.project) ?? {
    account: standing.account,
    entries: [],
    gone: new Set<RunId>(),
  };
  const { head: _before, ...rest } = before;
  const head = standing.line.find((each) => !soFar.gone.has(each.run));
  const facts: AdmissionFacts = {
    ...rest,
    account: soFar.account,
    ...(head === undefined ? {} : { head }),
  };
  const decision = decideAdmission(facts);
  const isWoken = soFar.account.provider === undefined && seen.unanswered === undefined;
  known.projects.set(run.project, after(soFar, run.id, decision));
  return {
    outcome: "decided",
    isFirstLook: run.state === "queued",
    followers: [],
    ...(await writeDecision(tx, record, decision, { ...seen, isWoken })),
  };
}

function factsFor(facts: ReadonlyMap<Due, Facts>, due: Due): Facts {
  const found = facts.get(due);
  assert(found !== undefined, `the facts of ${due.record.run.id} were read`);
  return found;
}

function after(soFar: ProjectSoFar, run: RunId, decision: AdmissionDecision): ProjectSoFar {
  if (decision.kind === "wait") return soFar;
  const gone = new Set([...soFar.gone, run]);
  if (decision.kind === "conclude") return { ...soFar, gone };
  const { account, entries } = decision.admitted;
  return { account, entries: [...soFar.entries, ...entries], gone };
}
