import { messageOf } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Instant } from "../core/time/instant.ts";
import type { OutgoingMessage } from "../ports/queue.ts";
import type { Services } from "./services.ts";

/** A wish that somebody looks at a run or a delivery at an instant: a timer row's prompt twin. */
export interface Nudge {
  readonly kind: "submit" | "watch" | "notify";
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
  for (const kind of ["submit", "watch", "notify"] as const) {
    const messages = nudges
      .filter((nudge) => nudge.kind === kind)
      .map((nudge) => messageOfNudge(nudge, now))
      .filter((message) => message.delayMs <= limits.queueDelayMs);
    if (messages.length === 0) continue;
    try {
      await services.queue.send(kind, messages);
    } catch (error) {
      services.log.write({
        level: "warn",
        name: "queue.refused",
        message: `Queue ${kind} refused ${messages.length} messages (${messageOf(error)}); the tick sends them again`,
        fields: { queue: kind, messages: messages.length },
      });
    }
  }
}

function messageOfNudge(nudge: Nudge, now: Instant): OutgoingMessage {
  const body = nudge.kind === "notify" ? { delivery: nudge.ref } : { run: nudge.ref };
  return { body: JSON.stringify(body), delayMs: Math.max(0, nudge.at - now) };
}
