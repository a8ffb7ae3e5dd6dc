import { messageOf } from "../core/errors.ts";
import type { ProjectId, RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { lookedAtBy } from "../core/run/due.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import type { TraceParent } from "../core/telemetry/traceparent.ts";
import type { Instant } from "../core/time/instant.ts";
import type { OutgoingMessage, QueueName } from "../ports/queue.ts";
import type { TimerKind } from "../records/timer-record.ts";
import type { OwedTelling } from "./owed-telling.ts";
import type { Services } from "./services.ts";

/**
 * Which look at a run a message asks for.
 *
 * Looks at a run follow one another as a chain of delayed messages, which needs no row: each sends
 * the next. A chain is named by the timer that its run had when it began, and it ends when the run
 * has another timer, or none. So whoever moves the timer begins a new chain and ends the one before,
 * and chains do not multiply; a look without a chain is a hint, which nothing follows.
 */
export interface Look {
  readonly chain?: Instant | undefined;
  /** The attempt to ask the executor about, where the sender knows it. */
  readonly attempt?: number | undefined;
  /** Set for the first look after a launch, which has something to record whatever it finds. */
  readonly isFirst?: true | undefined;
  /** The run's project, where the sender knows it: looks at runs of one project share transactions. */
  readonly project?: ProjectId | undefined;
}

/** A wish that somebody looks at something live at an instant: a timer row's prompt twin. */
export interface Nudge extends Look {
  readonly kind: Exclude<TimerKind, "schedule">;
  readonly ref: string;
  readonly at: Instant;
  /** The run that owes a delivery which has no row yet. */
  readonly run?: RunId | undefined;
  /** What the run's row says of that delivery, so that nobody has to read it. */
  readonly owed?: OwedTelling | undefined;
  /** The trace that it belongs to, where somebody listens. */
  readonly traceParent?: TraceParent | undefined;
}

/** A look at a run as it stands, by whoever looks at it next. */
export function lookAt(run: Run, look: Pick<Nudge, "at" | "chain">): Nudge {
  const attempt = liveAttempt(run)?.number;
  const { id: ref, project, traceParent } = run;
  return { kind: lookedAtBy(run), ref, attempt, project, traceParent, ...look };
}

/**
 * Sends nudges, delayed until they are due; what is due beyond the longest delay is left to its
 * timer row. A queue that refuses is logged and forgotten: the timers still owe everything (P3).
 */
export async function sendNudges(
  services: Pick<Services, "queue" | "log">,
  nudges: readonly Nudge[],
  now: Instant,
): Promise<void> {
  for (const queue of ["submit", "watch", "notify"] as const) {
    const messages = nudges
      .filter((nudge) => QUEUES[nudge.kind] === queue)
      .map((nudge) => messageOfNudge(nudge, now))
      .filter((message) => message.delayMs <= limits.queueDelayMs);
    if (messages.length === 0) continue;
    try {
      await services.queue.send(queue, messages);
    } catch (error) {
      services.log.write({
        level: "warn",
        name: "queue.refused",
        message: `Queue ${queue} refused ${messages.length} messages (${messageOf(error)}); the tick sends them again`,
        fields: { queue, messages: messages.length },
      });
    }
  }
}

const QUEUES = {
  submit: "submit",
  watch: "watch",
  notify: "notify",
  operation: "watch",
  job: "watch",
} as const satisfies Record<Nudge["kind"], QueueName>;

const MEMBERS = {
  submit: "run",
  watch: "run",
  notify: "delivery",
  operation: "operation",
  job: "job",
} as const satisfies Record<Nudge["kind"], string>;

function messageOfNudge(nudge: Nudge, now: Instant): OutgoingMessage {
  const { kind, ref, at, chain, attempt, isFirst, run, owed, project } = nudge;
  const { traceParent: traceparent } = nudge;
  // Left out where absent, as JSON leaves out what is undefined.
  const body = { run, [MEMBERS[kind]]: ref, chain, attempt, isFirst, owed, project, traceparent };
  return { body: JSON.stringify(body), delayMs: Math.max(0, at - now) };
}
