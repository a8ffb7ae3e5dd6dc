import { assert } from "../core/assert.ts";
import type { ScheduleName } from "../core/ids.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import { planDeliveries, typeOfEnd } from "../core/notification/plan.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Run } from "../core/run/run.ts";
import { isFinal } from "../core/run/run.ts";
import { later, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration, type LiveConfiguration } from "../records/configuration-record.ts";
import { writeRun, type RunRecord } from "../records/run-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import type { Timer } from "../records/timer-record.ts";
import { downstreamRuns } from "./downstream.ts";
import { lookAt, type Nudge } from "./nudge.ts";
import { notify, owe } from "./tell.ts";

/** What the end of a run brings about, read before anything is written. */
export interface Conclusion {
  readonly run: Run;
  /** Schedules that come after its own. */
  readonly followers: readonly ScheduleName[];
  readonly downstream: readonly Run[];
  readonly subscriptions: readonly Subscription[];
}

/** What a run's end depends on; whoever has just read it passes it on. */
export interface ConclusionFacts {
  /** Absent where its schedule is no longer configured, and where nothing of it matters. */
  readonly definition: DefinitionRecord | undefined;
  readonly configuration: LiveConfiguration | undefined;
}

/**
 * Reads what the end of a run depends on. Of its schedule that is who comes after it, and the retry
 * policy where its attempt failed: a success that nobody follows needs no look at it.
 */
export async function conclusionFacts(
  reader: Reader,
  run: Run,
  ended: { readonly failed: boolean },
): Promise<ConclusionFacts> {
  const configuration = await readConfiguration(reader);
  const isFollowed = configuration?.followed?.includes(run.schedule) ?? true;
  const matters = ended.failed || isFollowed;
  const definition = matters ? await readRunDefinition(reader, run) : undefined;
  return { definition, configuration };
}

/** Reads what follows from a run that has just become final. */
export async function planConclusion(
  reader: Reader,
  run: Run,
  facts: ConclusionFacts & { readonly now: Instant },
): Promise<Conclusion> {
  const followers = facts.definition?.downstream ?? [];
  return {
    run,
    followers,
    downstream: await downstreamRuns(reader, run, { downstream: followers, now: facts.now }),
    subscriptions: facts.configuration?.subscriptions ?? [],
  };
}

/** Writes a final run, the runs it brings about, and the deliveries owed for all of them. */
export function writeConclusion(
  tx: Transaction,
  before: RunRecord,
  conclusion: Conclusion,
  now: Instant,
): readonly Nudge[] {
  const { run, downstream, subscriptions } = conclusion;
  const [first, ...others] = deliveriesOfEnd(subscriptions, run, now);
  const nudges: Nudge[] = [];
  if (first === undefined) {
    writeRun(tx, before, { run });
  } else {
    // It takes over the timer of its run, and needs no row of its own until it is tried.
    const { timer } = before;
    assert(timer !== undefined, `${run.id} had a timer while it lived`);
    writeRun(tx, before, {
      run,
      timer,
      owes: { name: first.subscription, target: first.target, at: now },
    });
    nudges.push(notify(first, { run, timer }));
  }
  return [
    ...nudges,
    ...others.map((delivery) => owe(tx, delivery, run)),
    ...downstream.flatMap((each) => writeNewRun(tx, { run: each, subscriptions }, now)),
  ];
}

/**
 * Writes a run that was just made: queued, with the timer that it takes over or one of its own, or
 * final, with the deliveries owed.
 */
export function writeNewRun(
  tx: Transaction,
  made: {
    readonly run: Run;
    readonly subscriptions: readonly Subscription[];
    readonly timer?: Timer | undefined;
  },
  now: Instant,
): readonly Nudge[] {
  const { run, subscriptions } = made;
  if (isFinal(run.state)) {
    writeRun(tx, undefined, { run });
    return deliveriesOfEnd(subscriptions, run, now).map((delivery) => owe(tx, delivery, run));
  }
  const own: Timer = { kind: "submit", ref: run.id, dueAt: later(run.effectiveAt, now) };
  const { timer = own } = made;
  writeRun(tx, timer === own ? undefined : { timer }, { run, timer });
  return [lookAt(run, { chain: timer.dueAt, at: run.effectiveAt })];
}

function deliveriesOfEnd(
  subscriptions: readonly Subscription[],
  run: Run,
  at: Instant,
): readonly Delivery[] {
  const type = typeOfEnd(run);
  return type === undefined ? [] : planDeliveries(subscriptions, { type, run, at });
}
