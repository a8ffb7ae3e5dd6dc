import { limits } from "../core/limits.ts";
import type { Instant } from "../core/time/instant.ts";
import type { QueueName } from "../ports/queue.ts";
import { isRejected, writeRejection } from "../records/rejection-record.ts";
import type { Services } from "./services.ts";

/** A message that cannot become work, however often it comes. */
export interface RejectedMessage {
  readonly source: QueueName;
  readonly id: string;
  readonly sentAt: Instant;
  readonly reason: string;
  readonly body: string;
}

/** Sets a message aside with its reason, where `orrery rejected` shows it. Repeating changes nothing. */
export async function rejectMessage(
  services: Pick<Services, "store" | "clock" | "log" | "telemetry">,
  message: RejectedMessage,
): Promise<void> {
  const { source, id, sentAt, reason } = message;
  const rejectedAt = services.clock.now();
  const excerpt = message.body.slice(0, limits.rejectionExcerptChars).toWellFormed();
  await services.store.transact("reject-message", async (tx) => {
    // Read first: a function's first request after a freeze may go into a connection that is gone,
    // and a write that nothing was read before could then not be told from one that happened.
    if (await isRejected(tx, { source, id, sentAt })) return;
    writeRejection(tx, { source, id, sentAt, rejectedAt, reason, excerpt });
  });
  services.telemetry.count("orrery.messages", 1, { queue: source, outcome: "rejected" });
  services.log.write({
    level: "warn",
    name: "message.rejected",
    message: `Message ${id} on ${source} was set aside: ${reason}`,
    fields: { source, id },
  });
}
