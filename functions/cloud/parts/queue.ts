import { QUEUE_NAMES, type Queue, type QueueName } from "../../../shared/ports/queue.ts";
import { optionalValue, valueOf, wrongUrl, type Variable } from "../environment.ts";
import { once, type Part, type World } from "./part.ts";
import { KEY_ID, REGION, SECRET_KEY, staticKey } from "./static-key.ts";

const SERVICE = "https://message-queue.api.cloud.yandex.net";

const urlOf = (queue: QueueName): Variable => ({
  name: `ORRERY_QUEUE_${queue.toUpperCase()}`,
  about: `the URL of the queue ${queue}, which Terraform sets`,
  wrong: wrongUrl,
});

const code = async () => await import("../../../shared/adapters/ymq/open-ymq.ts");

/** The queues. Many calls send nothing, so the SDK behind them is loaded by the first message. */
export const queue: Part<Queue> = {
  load: async (): Promise<unknown> => await code(),
  variables: [...QUEUE_NAMES.map(urlOf), KEY_ID, SECRET_KEY],
  open: (world) => {
    const opened = once(async () => await openQueue(world));
    return {
      send: async (to, messages) => {
        if (messages.length > 0) await (await opened()).send(to, messages);
      },
    };
  },
};

async function openQueue({ environment, clock, random }: World): Promise<Queue> {
  const { openYmq } = await code();
  const url = (name: QueueName): string => valueOf(urlOf(name), environment);
  return openYmq({
    endpoint: optionalValue("ORRERY_SQS_ENDPOINT", environment, SERVICE),
    region: REGION,
    credentials: staticKey(environment),
    queueUrls: {
      intake: url("intake"),
      submit: url("submit"),
      watch: url("watch"),
      notify: url("notify"),
    },
    ...{ clock, random },
  });
}
