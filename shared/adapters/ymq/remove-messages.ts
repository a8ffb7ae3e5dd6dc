import { DeleteMessageBatchCommand } from "@aws-sdk/client-sqs";
import { limits } from "../../core/limits.ts";
import type { AskParts } from "./ask.ts";
import { batchesOf } from "./batches.ts";
import { kindOfEntry, QueueFailure } from "./failure.ts";
import { queueError } from "./queue-error.ts";
import type { Destination } from "./send-messages.ts";
import { untilDone } from "./until-done.ts";

/**
 * Removes received messages for good, by their receipts. One that has meanwhile come again, or is
 * gone, is left to whoever has it now. On an error some were not removed: they come again.
 */
export async function removeMessages(
  parts: AskParts,
  from: Destination,
  receipts: readonly string[],
): Promise<void> {
  const deadlineMs = parts.clock.monotonicMs() + limits.ymqDeadlineMs;
  const entries = receipts.map((receipt, index) => ({ receipt, id: String(index), bytes: 0 }));
  for (const batch of batchesOf(entries)) {
    let left = batch;
    const end = await untilDone(parts, deadlineMs, async (limitMs) => {
      const command = new DeleteMessageBatchCommand({
        QueueUrl: from.url,
        Entries: left.map(({ id, receipt }) => ({ Id: id, ReceiptHandle: receipt })),
      });
      const { Failed = [] } = await parts.client.call(
        async (client, abortSignal) => await client.send(command, { abortSignal }),
        { limitMs },
      );
      const again = Failed.flatMap(({ Id, Code = "", Message = "", SenderFault = false }) => {
        const kind = kindOfEntry(Code, SenderFault);
        // A receipt that is no good any more: the message is somebody else's by now.
        return kind === "refused"
          ? []
          : [{ id: Id, failure: new QueueFailure(kind, Message, Code) }];
      });
      left = left.filter(({ id }) => again.some((each) => each.id === id));
      return again[0]?.failure;
    });
    if (end === undefined) continue;
    const what = `Removing ${receipts.length} messages from queue ${from.name}`;
    throw queueError({ what, host: from.host }, end.failure, end.tries);
  }
}
