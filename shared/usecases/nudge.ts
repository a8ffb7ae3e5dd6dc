import { messageOf } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Instant } from "../core/time/instant.ts";
import type { OutgoingMessage, QueueName } from "../ports/queue.ts";
import type { TimerKind } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/** A wish that somebody looks at something live at an instant: a timer row's prompt twin. */
export interface Nudge {
  readonly kind: Exclude<TimerKind, "schedule">;
  readonly ref: string;
  readonly at: Instant;
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
  const body = { [MEMBERS[nudge.kind]]: nudge.ref };
  return { body: JSON.stringify(body), delayMs: Math.max(0, nudge.at - now) };
}
