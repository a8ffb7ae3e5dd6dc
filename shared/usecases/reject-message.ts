import { limits } from "../core/limits.ts";
import type { Instant } from "../core/time/instant.ts";
import type { QueueName } from "../ports/queue.ts";
import { writeRejection } from "../records/rejection-record.ts";
import type { Services } from "./services.ts";

/** A message that cannot become work, however often it comes. */
export interface RejectedMessage {
  readonly source: QueueName;
  readonly id: string;
  readonly sentAt: Instant;
  readonly reason: string;
  readonly body: string;
}

/** Sets a message aside with its reason, where `orrery rejected` shows it. Repeating overwrites. */
export async function rejectMessage(
  services: Pick<Services, "store" | "clock" | "log">,
  message: RejectedMessage,
): Promise<void> {
  const { source, id, sentAt, reason } = message;
  const rejectedAt = services.clock.now();
  const excerpt = message.body.slice(0, limits.rejectionExcerptChars).toWellFormed();
  await services.store.transact("reject-message", async (tx) => {
    await Promise.resolve();
    writeRejection(tx, { source, id, sentAt, rejectedAt, reason, excerpt });
  });
  services.log.write({
    level: "warn",
    name: "message.rejected",
    message: `Message ${id} on ${source} was set aside: ${reason}`,
    fields: { source, id },
  });
}
