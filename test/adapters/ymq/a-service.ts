import {
  openServiceQueues,
  type ServiceQueues,
} from "../../../shared/adapters/ymq/service-queues.ts";
import { openYmq, type YmqOptions } from "../../../shared/adapters/ymq/open-ymq.ts";
import type { QueueName } from "../../../shared/ports/queue.ts";
import { QUEUE_NAMES } from "../../../shared/ports/queue.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { KEY, type QueueProxy, REGION } from "./queue-proxy.ts";

/** What opens clients of a proxy's emulator. */
export function serviceOf(
  { address }: Pick<QueueProxy, "address">,
  part: Partial<YmqOptions> = {},
): Omit<YmqOptions, "queueUrls"> {
  return {
    endpoint: address,
    region: REGION,
    credentials: { accessKeyId: KEY.id, secretAccessKey: KEY.secret },
    clock: realClock,
    random: seededRandom(1),
    ...part,
  };
}

/** Makes our queues in a proxy's emulator, and opens the sender. */
export function openSender(
  test: Closing,
  proxy: QueueProxy,
  part: Partial<YmqOptions> = {},
): ReturnType<typeof openYmq> {
  const queueUrls = urlsIn(proxy);
  const ymq = openYmq({ ...serviceOf(proxy, part), queueUrls, ...part });
  test.onTestFinished(() => ymq.close());
  return ymq;
}

export function urlsIn({ emulator }: QueueProxy): Record<QueueName, string> {
  const entries = QUEUE_NAMES.map((name) => [name, emulator.createQueue(name).queueUrl]);
  return Object.fromEntries(entries) as Record<QueueName, string>;
}

/** Opens queues by their names, as a platform does. */
export function openQueues(
  test: Closing,
  proxy: Pick<QueueProxy, "address">,
  part: Partial<Parameters<typeof openServiceQueues>[0]> = {},
): ServiceQueues {
  const settings = { visibilityTimeoutMs: 30_000, maxReceiveCount: 3 };
  const queues = {
    intake: { ...settings, deadLetter: "intake-dead" },
    submit: { ...settings, deadLetter: "submit-dead" },
  };
  const opened = openServiceQueues({ ...serviceOf(proxy), prefix: "orrery-", queues, ...part });
  test.onTestFinished(() => opened.close());
  return opened;
}
