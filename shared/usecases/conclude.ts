import { assertNever } from "../core/assert.ts";
import type { NotificationType } from "../core/notification/notification-type.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { FinalState, Run } from "../core/run/run.ts";
import { isFinal } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { writeRun, type RunRecord } from "../records/run-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { downstreamRuns } from "./downstream.ts";
import type { Nudge } from "./nudge.ts";
import { tell } from "./tell.ts";

/** What the end of a run brings about, read before anything is written. */
export interface Conclusion {
  readonly run: Run;
  readonly downstream: readonly Run[];
  readonly subscriptions: readonly Subscription[];
}

/** Reads what follows from a run that has just become final. */
export async function planConclusion(reader: Reader, run: Run, now: Instant): Promise<Conclusion> {
  const downstream = (await readRunDefinition(reader, run))?.downstream ?? [];
  return {
    run,
    downstream: await downstreamRuns(reader, run, { downstream, now }),
    subscriptions: (await readConfiguration(reader))?.subscriptions ?? [],
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
  writeRun(tx, before, { run });
  return [
    ...tellFinal(tx, subscriptions, run, now),
    ...downstream.flatMap((each) => writeNewRun(tx, subscriptions, each, now)),
  ];
}

/** Writes a run that was just made: queued, with its timer, or final, with the deliveries owed. */
export function writeNewRun(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  run: Run,
  now: Instant,
): readonly Nudge[] {
  if (isFinal(run.state)) {
    writeRun(tx, undefined, { run });
    return tellFinal(tx, subscriptions, run, now);
  }
  writeRun(tx, undefined, { run, timerAt: run.effectiveAt });
  return [{ kind: "submit", ref: run.id, at: run.effectiveAt }];
}

function tellFinal(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  run: Run,
  at: Instant,
): readonly Nudge[] {
  return isFinal(run.state) ? tell(tx, subscriptions, { type: typeOfEnd(run.state), run, at }) : [];
}

function typeOfEnd(state: FinalState): NotificationType {
  switch (state) {
    case "succeeded":
    case "failed":
    case "cancelled":
    case "timedOut":
    case "skipped":
    case "refused":
    case "expired":
      return `run.${state}`;
    default:
      return assertNever(state);
  }
}
