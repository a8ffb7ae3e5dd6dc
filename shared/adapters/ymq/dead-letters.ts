import { attributesOf, findQueue, type MakeParts } from "./make-queue.ts";
import type { Destination } from "./send-messages.ts";

/**
 * Counts what a queue gave up, in the dead-letter queue that its own policy names; 0 where it names
 * none. By the service's approximate counts. The keys need the role `ymq.reader`.
 */
export async function countDeadLetters(
  parts: MakeParts,
  { name, url }: Pick<Destination, "name" | "url">,
): Promise<number> {
  const { RedrivePolicy } = await attributesOf(parts, name, url, ["RedrivePolicy"]);
  const dead = nameIn(RedrivePolicy);
  if (dead === undefined) return 0;
  const counts = await attributesOf(parts, dead, await findQueue(parts, dead), [...COUNTS]);
  return COUNTS.reduce((sum, count) => sum + Number(counts[count] ?? 0), 0);
}

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/** The name of the dead-letter queue, which an ARN ends with. */
function nameIn(policy: string | undefined): string | undefined {
  if (policy === undefined || policy === "") return undefined;
  const { deadLetterTargetArn } = JSON.parse(policy) as { readonly deadLetterTargetArn?: unknown };
  return typeof deadLetterTargetArn === "string"
    ? deadLetterTargetArn.split(":").at(-1)
    : undefined;
}
