import { describe, expect, it } from "vitest";
import { inCloud } from "../../../functions/cloud/cloud-function.ts";
import { requireVariables } from "../../../functions/cloud/environment.ts";
import { channels, noChannels } from "../../../functions/cloud/parts/channels.ts";
import type { Part, World } from "../../../functions/cloud/parts/part.ts";
import { instanceWorld } from "../../../functions/cloud/parts/world.ts";
import { installParts, services, type Wiring } from "../../../functions/wiring.ts";
import type { Queue } from "../../../shared/ports/queue.ts";

const CONTEXT = {
  functionName: "small",
  functionVersion: "1",
  memoryLimitInMB: "128",
  requestId: "r1",
  getRemainingTimeInMillis: () => 1_000,
  getPayload: () => undefined,
};

/** A queue that was opened so often, and fails to open the first times. */
function aQueue(failures = 0): { readonly part: Part<Queue>; readonly opened: () => number } {
  let opened = 0;
  const send = async (): Promise<void> => await Promise.resolve();
  return {
    opened: () => opened,
    part: {
      variables: [],
      open: async () => {
        opened += 1;
        await Promise.resolve();
        if (opened <= failures) throw new Error("Not yet");
        return { send };
      },
    },
  };
}

const module = {
  needs: ["queue"],
  handler: async (event: string) => {
    await services(["queue"]).queue.send("submit", []);
    return `done ${event}`;
  },
} as const;

describe("a function composed for the cloud", () => {
  it("opens each part once, however many calls come at once", async () => {
    const { part, opened } = aQueue();
    const { handler } = inCloud(module, { queue: part });

    const calls = ["a", "b", "c"].map(async (event) => await handler(event, CONTEXT));

    expect(await Promise.all(calls)).toEqual(["done a", "done b", "done c"]);
    expect(opened()).toBe(1);
  });

  it("tries again with the next call to open what could not be opened", async () => {
    const { part, opened } = aQueue(1);
    const { handler } = inCloud(module, { queue: part });

    await expect(handler("a", CONTEXT)).rejects.toThrow("Not yet");
    expect(await handler("b", CONTEXT)).toBe("done b");
    expect(opened()).toBe(2);
  });

  it("has its clock, its log and who hears how it goes without asking", async () => {
    const { handler } = inCloud(
      {
        needs: ["clock", "log", "random", "telemetry", "alarms"],
        handler: async () =>
          await Promise.resolve(Object.keys(services(["clock", "log"])).toSorted()),
      },
      {},
    );

    expect(await handler("", CONTEXT)).toEqual(["alarms", "clock", "log", "random", "telemetry"]);
  });

  it("fails at once where a handler asks for what its function has not", () => {
    const parts: Partial<Wiring> = { log: { write: () => undefined } };
    installParts(parts);

    expect(() => services(["log", "store", "queue"])).toThrow("the parts store, queue");
  });
});

describe("an environment", () => {
  const NAME = { name: "ORRERY_BUCKET", about: "the bucket" };
  const URL_OF = { name: "ORRERY_URL", about: "where", wrong: () => "it is no URL" };

  it("is complete where every variable has a right value", () => {
    expect(() => requireVariables([NAME], { ORRERY_BUCKET: "b" })).not.toThrow();
  });

  it("is refused for all that is missing or wrong at once, each once, and repeats no value", () => {
    const refused = (): void => {
      requireVariables([NAME, URL_OF, NAME], { ORRERY_BUCKET: "", ORRERY_URL: "s3cret" });
    };

    expect(refused).toThrow(
      "ORRERY_BUCKET is missing: the bucket. ORRERY_URL is wrong, it is no URL: where. ",
    );
    expect(refused).not.toThrow("s3cret");
  });
});

describe("the channels of the cloud", () => {
  const world: World = {
    ...instanceWorld({}),
    get: async () => await Promise.reject(new Error("channels stand on no other part")),
  };

  it.each(["http://127.0.0.1:1/", "http://10.0.0.7/", "http://169.254.169.254/token"])(
    "tell nobody at a private address: %s",
    async (url) => {
      const { webhook } = await channels.open(world);

      const outcome = await webhook.deliver(
        { kind: "webhook", name: "ops", url } as never,
        { id: "n1", sentAt: 0, body: "{}" } as never,
      );

      expect(outcome).toMatchObject({ delivered: false, retryable: false });
    },
  );

  it("are not there for a function that leaves the telling to notify", async () => {
    const { log } = await noChannels.open(world);

    expect(() => log.deliver({} as never, {} as never)).toThrow("only notify delivers");
  });
});
