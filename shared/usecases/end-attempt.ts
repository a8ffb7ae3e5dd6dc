import type { ProjectId, ScheduleName } from "../core/ids.ts";
import { assert } from "../core/assert.ts";
import type { Attempt } from "../core/run/attempt.ts";
import { endEvent } from "../core/run/end-event.ts";
import { isAdHoc, isFinal, liveAttempt } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Posting } from "../core/units/account.ts";
import type { Transaction } from "../ports/store.ts";
import { readAccount, writeAccount } from "../records/account-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { writeAttemptPlace } from "../records/operation-record.ts";
import { readRuns, timerBy, writeRun, type RunRecord } from "../records/run-record.ts";
import { tellBudget } from "./budget-events.ts";
import { readAdHocWork, writeWorkEnd, type AdHocWork } from "./finish-work.ts";
import {
  conclusionFacts,
  planConclusion,
  writeConclusion,
  type ConclusionFacts,
} from "./conclude.ts";
import { measureEnd, measureStarted } from "./measure.ts";
import { lookAt, sendNudges, type Nudge } from "./nudge.ts";
import { attemptEnd, observed, postEnd, settledUnits, type EndedAttempt } from "./attempt-end.ts";
import { latestRunsFor, pauseFailing, type LatestRuns } from "./pause-after-failures.ts";
import { reportPause, type PausedSchedule } from "./pause-schedule.ts";
import { reportEnd, reportStarted, type Ended } from "./report.ts";
import type { Services } from "./services.ts";
import { tell } from "./tell.ts";
import { wakeWaiting } from "./wake.ts";

/**
 * Ends attempts: each reservation is settled or released, its operation is done, its run is final
 * or waits for a retry, deliveries are owed and downstream runs are made, all in one transaction
 * (P4, P5). Whoever comes second finds another attempt, or none, and changes nothing. Afterwards
 * the runs that these kept waiting are woken.
 *
 * Attempts of one project share the account, which is read and written once.
 */
export async function endAttempts(
  services: Services,
  ended: readonly EndedAttempt[],
): Promise<void> {
  const now = services.clock.now();
  const drawn = ended.map((each) => ({ ended: each, draw: services.random.fraction() }));
  const {
    written: results,
    told,
    paused,
  } = await services.store.transact("end-attempt", async (tx) => await writeEnds(tx, drawn, now));
  for (const result of results) {
    if (result.startedNow !== undefined) {
      reportStarted(services.log, result.startedNow);
      measureStarted(services.telemetry, result.startedNow);
    }
    reportEnd(services.log, result);
    measureEnd(services.telemetry, result);
  }
  for (const each of paused) reportPause(services.log, each);
  await sendNudges(services, [...results.flatMap(({ nudges }) => nudges), ...told], now);
  await wakeWaiting(services, results);
}

/** The same for one attempt. */
export async function endAttempt(services: Services, ended: EndedAttempt): Promise<void> {
  await endAttempts(services, [ended]);
}

interface Written extends Ended {
  readonly nudges: readonly Nudge[];
  readonly followers: readonly ScheduleName[];
}

/** What ends that were written together came to. */
interface EndsWritten {
  readonly written: readonly Written[];
  readonly told: readonly Nudge[];
  /** Schedules that these ends paused. */
  readonly paused: readonly PausedSchedule[];
}

/** An attempt that is over, and its chance number in [0, 1). */
interface Drawn {
  readonly ended: EndedAttempt;
  readonly draw: number;
}

/** An attempt that is over, with all that decides what follows. */
interface Ending extends Drawn {
  readonly record: RunRecord;
  readonly live: Attempt;
  readonly facts: ConclusionFacts;
  readonly work: AdHocWork | undefined;
  /** Present where its schedule pauses by itself and it failed. */
  readonly latest: LatestRuns | undefined;
}

async function writeEnds(
  tx: Transaction,
  drawn: readonly Drawn[],
  now: Instant,
): Promise<EndsWritten> {
  const ids = drawn.map(({ ended }) => ended.run);
  const [records] = await Promise.all([readRuns(tx, ids), readAhead(tx, drawn)]);
  const live = drawn.flatMap((each, index) => {
    const record = records[index];
    const attempt = record && liveAttempt(record.run);
    if (record === undefined || attempt?.number !== each.ended.number) return [];
    return [{ ...each, record, live: attempt }];
  });
  const projects = [...new Set(live.map(({ record }) => record.run.project))];
  const [endings, accounts] = await Promise.all([
    Promise.all(live.map(async (each) => ({ ...each, ...(await factsOf(tx, each)) }))),
    Promise.all(projects.map(async (project) => await readAccount(tx, project))),
  ]);
  const postings = new Map(
    accounts.map((account): [ProjectId, Posting] => [account.project, { account, entries: [] }]),
  );
  const written: Written[] = [];
  for (const ending of endings) written.push(await writeEnd(tx, ending, { now, postings }));
  for (const { account, entries } of postings.values()) await writeAccount(tx, account, entries);
  const told: Nudge[] = [];
  for (const before of accounts) {
    const after = postings.get(before.project)?.account ?? before;
    told.push(...(await tellBudget(tx, { before, after }, now)));
  }
  const together = written.map(({ run }, index) => ({ run, latest: endings[index]?.latest }));
  const { paused, nudges } = await pauseFailing(tx, together, now);
  return { written, told: [...told, ...nudges], paused };
}

/**
 * What several attempts all need is asked for together with their runs, because one request costs less
 * than two. One attempt may be over by now, and then its run is all that is read.
 */
async function readAhead(tx: Transaction, drawn: readonly Drawn[]): Promise<void> {
  if (drawn.length === 1) return;
  const projects = new Set(drawn.flatMap(({ ended }) => ended.project ?? []));
  await Promise.all([
    readConfiguration(tx),
    ...[...projects].map(async (project) => await readAccount(tx, project)),
  ]);
}

async function factsOf(
  tx: Transaction,
  { record: { run }, ended }: Pick<Ending, "record" | "ended">,
): Promise<Pick<Ending, "facts" | "work" | "latest">> {
  const failed = ended.outcome.failure !== undefined;
  const [facts, work] = await Promise.all([
    conclusionFacts(tx, run, { failed }),
    isAdHoc(run) ? readAdHocWork(tx, run) : undefined,
  ]);
  const latest = failed ? await latestRunsFor(tx, run.id, facts.definition) : undefined;
  return { facts, work, latest };
}

async function writeEnd(
  tx: Transaction,
  ending: Ending,
  drawn: { readonly now: Instant; readonly postings: Map<ProjectId, Posting> },
): Promise<Written> {
  const { ended, draw, record, live, facts, work } = ending;
  const { now, postings } = drawn;
  const { configuration } = facts;
  const { project } = record.run;
  const before = postings.get(project);
  assert(before !== undefined, `the account of ${project} was read`);

  const posting = postEnd(before.account, ended, {
    live,
    rates: configuration?.rates ?? {},
    now,
  });
  const entries = [...before.entries, ...posting.entries];
  postings.set(project, { account: posting.account, entries });
  const unitsSettled = settledUnits(posting);
  const end = attemptEnd(ended, unitsSettled, now);
  const seen = observed(record.run, ended);
  const retry = facts.definition?.definition.retry;
  const outcome = { outcome: ended.outcome, end };
  const moved = moveRun(seen, endEvent(seen, outcome, { retry, now, draw }));
  assert(moved.outcome === "moved", "a live attempt ends");
  const { run } = moved;
  const conclusion = await planConclusion(tx, run, { ...facts, now });

  if (work !== undefined && isFinal(run.state)) {
    writeWorkEnd(tx, work, run, { result: ended.usage, now });
  }
  writeAttemptPlace(tx, run);
  const { subscriptions } = conclusion;
  const startedNow = record.run.state === "starting" && seen.state === "running" ? seen : undefined;
  const nudges: Nudge[] = [];
  if (startedNow !== undefined) {
    const at = ended.usage?.startedAt ?? now;
    nudges.push(...tell(tx, subscriptions, { type: "run.started", run: startedNow, at }));
  }
  if (isFinal(run.state)) {
    nudges.push(...writeConclusion(tx, record, conclusion, now));
  } else {
    const retryAt = run.nextEligibleAt ?? now;
    const timer = timerBy(record, retryAt, now);
    writeRun(tx, record, { run, timer });
    nudges.push(...tell(tx, subscriptions, { type: "run.retried", run, at: now }));
    nudges.push(lookAt(run, { chain: timer.dueAt, at: retryAt }));
  }
  return {
    run,
    startedNow,
    account: posting.account,
    unitsHeld: live.unitsHeld,
    unitsSettled,
    nudges,
    followers: conclusion.followers,
  };
}
