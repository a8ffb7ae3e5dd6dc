import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type QueueAttributeName,
} from "@aws-sdk/client-sqs";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { SECOND_MS } from "../../core/time/duration.ts";
import { ask, type AskParts } from "./ask.ts";

/** What a queue is to be like. */
export interface QueueShape {
  readonly visibilityTimeoutMs: number;
  readonly retentionMs: number;
  /** Where dead letters go, and after how many receives; undefined for a dead-letter queue itself. */
  readonly redrive: { readonly arn: string; readonly maxReceiveCount: number } | undefined;
}

/** An attribute of a queue that was there before and is not as it is to be. */
export interface QueueDifference {
  /** The queue's full name. */
  readonly queue: string;
  readonly attribute: string;
  readonly found: string;
  readonly expected: string;
}

/** A queue that is there. */
export interface MadeQueue {
  readonly url: string;
  readonly arn: string;
  readonly differences: readonly QueueDifference[];
}

export interface MakeParts extends AskParts {
  readonly host: string;
}

/** The URL of a queue by its full name. Throws QUEUE_NOT_FOUND. */
export async function findQueue(parts: MakeParts, name: string): Promise<string> {
  const asked = { what: `Looking for queue ${name}`, host: parts.host };
  const { QueueUrl = "" } = await ask(
    parts,
    asked,
    async (client, abortSignal) =>
      await client.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal }),
  );
  return QueueUrl;
}

/**
 * Makes a queue where there is none of that name. One that is there is left as it is, whatever it is
 * like: its differences are told, for a person to decide.
 */
export async function makeQueue(
  parts: MakeParts,
  name: string,
  shape: QueueShape,
): Promise<MadeQueue> {
  const found = await unlessAbsent(async () => await findQueue(parts, name));
  const url = found ?? (await createQueue(parts, name, shape));
  const attributes = await attributesOf(parts, name, url);
  const differences = found === undefined ? [] : differencesOf(name, shape, attributes);
  return { url, arn: attributes["QueueArn"] ?? "", differences };
}

/** Some attributes of a queue, or all there are. */
export async function attributesOf(
  parts: MakeParts,
  name: string,
  url: string,
  names: readonly QueueAttributeName[] = ["All"],
): Promise<Readonly<Record<string, string>>> {
  const asked = { what: `Asking for the attributes of queue ${name}`, host: parts.host };
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
  const { Attributes = {} } = await ask(
    parts,
    asked,
    async (client, abortSignal) => await client.send(command, { abortSignal }),
  );
  return Attributes;
}

async function createQueue(parts: MakeParts, name: string, shape: QueueShape): Promise<string> {
  const asked = { what: `Making queue ${name}`, host: parts.host };
  const command = new CreateQueueCommand({ QueueName: name, Attributes: expectedOf(shape) });
  const { QueueUrl = "" } = await ask(
    parts,
    asked,
    async (client, abortSignal) => await client.send(command, { abortSignal }),
  );
  return QueueUrl;
}

async function unlessAbsent<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OrreryError && error.code === "QUEUE_NOT_FOUND") return undefined;
    throw error;
  }
}

function expectedOf({
  visibilityTimeoutMs,
  retentionMs,
  redrive,
}: QueueShape): Record<string, string> {
  const expected: Record<string, string> = {
    VisibilityTimeout: String(visibilityTimeoutMs / SECOND_MS),
    MessageRetentionPeriod: String(retentionMs / SECOND_MS),
  };
  if (redrive !== undefined) {
    const { arn, maxReceiveCount } = redrive;
    expected["RedrivePolicy"] = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount });
  }
  return expected;
}

function differencesOf(
  queue: string,
  shape: QueueShape,
  found: Readonly<Record<string, string>>,
): readonly QueueDifference[] {
  const differences: QueueDifference[] = [];
  const tell = (attribute: string, expected: string): void => {
    differences.push({ queue, attribute, found: found[attribute] ?? "absent", expected });
  };
  for (const [attribute, value] of Object.entries(expectedOf(shape))) {
    // How long a receive hides a dead letter is up to whoever looks at it.
    if (shape.redrive === undefined && attribute === "VisibilityTimeout") continue;
    const isSame =
      attribute === "RedrivePolicy"
        ? isSamePolicy(found[attribute], shape.redrive)
        : Number(found[attribute]) === Number(value);
    if (!isSame) tell(attribute, value);
  }
  const size = found["MaximumMessageSize"];
  if (size !== undefined && Number(size) < limits.queueMessageBytes) {
    tell("MaximumMessageSize", `at least ${limits.queueMessageBytes}`);
  }
  return differences;
}

/** Services write the count as a number or as text, and the members in any order. */
function isSamePolicy(text: string | undefined, redrive: QueueShape["redrive"]): boolean {
  try {
    const policy = JSON.parse(text ?? "{}") as Readonly<Record<string, unknown>>;
    return (
      policy["deadLetterTargetArn"] === redrive?.arn &&
      Number(policy["maxReceiveCount"]) === redrive?.maxReceiveCount
    );
  } catch {
    return false;
  }
}
