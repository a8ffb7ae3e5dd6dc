import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { QUEUE_NAMES } from "../../../shared/ports/queue.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import {
  type Delivered,
  describeQueue,
  RECEIVES_MAX,
  REDELIVERY_MS,
} from "../../contract/queue.ts";
import { realClock } from "../../support/real-clock.ts";
import { openSender, serviceOf } from "./a-service.ts";
import { startProxy } from "./queue-proxy.ts";

describeQueue("a queue of a service", async (test) => {
  const proxy = await startProxy(test);
  const queue = openSender(test, proxy);
  const { emulator } = proxy;
  // As wired by hand: what consumes is not what is tested.
  const client = new SQSClient({ ...serviceOf(proxy), maxAttempts: 1 });
  test.onTestFinished(() => client.destroy());
  for (const name of QUEUE_NAMES) {
    emulator.deleteQueue(name);
    emulator.createQueue(`${name}-dead`);
    const policy = {
      deadLetterTargetArn: `arn:aws:sqs:ru-central1:000000000000:${name}-dead`,
      maxReceiveCount: RECEIVES_MAX,
    };
    const attributes = {
      VisibilityTimeout: String(REDELIVERY_MS / 1_000),
      RedrivePolicy: JSON.stringify(policy),
    };
    emulator.createQueue(name, { attributes });
  }
  const urlOf = (name: string): string => emulator.inspectQueue(name)?.url ?? "";
  const receive = async (name: string, max: number, seconds: number): Promise<Delivered[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl: urlOf(name),
      MaxNumberOfMessages: max,
      WaitTimeSeconds: seconds,
      MessageSystemAttributeNames: ["SentTimestamp"],
    });
    return ((await client.send(command)).Messages ?? []).map(delivered);
  };
  return {
    queue,
    now: () => instant(realClock.now()),
    next: async (name, max) => await receive(name, max, 20),
    visible: async (name) => await receive(name, 10, 0),
    remove: async (name, messages) => {
      if (messages.length === 0) return;
      const Entries = messages.map(({ receipt }, n) => ({ Id: String(n), ReceiptHandle: receipt }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: urlOf(name), Entries }));
    },
  };
});

function delivered({ MessageId, Body, ReceiptHandle, Attributes }: Message): Delivered {
  return {
    id: MessageId ?? "",
    body: Body ?? "",
    receipt: ReceiptHandle ?? "",
    attributes: Attributes ?? {},
  };
}
