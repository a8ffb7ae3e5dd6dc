import { describe, expect, it } from "vitest";
import type { MessageJournal } from "../../../infra/local/message-journal.ts";
import { ServiceQueue } from "../../../infra/local/service-queue.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { at } from "../../support/timing-builder.ts";
import { keptLog } from "../../support/kept-log.ts";

type Service = ConstructorParameters<typeof ServiceQueue>[1];

/** Queues over a service that does what a test says, and nothing else. */
function aQueue(part: Partial<Service>, journal: Partial<MessageJournal> = {}): ServiceQueue {
  return new ServiceQueue("sqs://localhost/o", part as Service, journal as MessageJournal);
}

type Depths = Readonly<Record<string, { readonly visible: number; readonly inFlight: number }>>;

const withDepths = (depths: Depths): ServiceQueue =>
  aQueue({
    depthOf: async (queue) => await Promise.resolve(depths[queue] ?? { visible: 0, inFlight: 0 }),
  });

describe("queues at a service", () => {
  it.each<[string, Depths, boolean]>([
    ["nothing is in them", {}, true],
    ["something is visible in any", { notify: { visible: 1, inFlight: 0 } }, false],
    ["something is in flight in the durable one", { intake: { visible: 0, inFlight: 1 } }, false],
    // A crash may have left it there for minutes, and a timer row owes its work.
    ["something is in flight in another", { submit: { visible: 0, inFlight: 1 } }, true],
  ])("count as empty, or not, where %s", async (_what, depths, isEmpty) => {
    expect(await withDepths(depths).areEmpty()).toBe(isEmpty);
  });

  it("do not count as empty while nobody can say", async () => {
    const queue = aQueue({
      depthOf: async () => await Promise.reject(new OrreryError("QUEUE_UNAVAILABLE", "away")),
    });

    expect(await queue.areEmpty()).toBe(false);
  });

  it("tell what is different about those that were there, and what to do", async () => {
    const queue = aQueue({
      prepare: async (report) => {
        const difference = { attribute: "VisibilityTimeout", found: "30", expected: "330" };
        report({ queue: "o-submit", ...difference });
        await Promise.resolve();
      },
    });
    const log = keptLog();

    await queue.prepare(log);

    expect(log.entries).toMatchObject([
      {
        level: "warn",
        name: "queue.differs",
        message: expect.stringMatching(
          /^Queue o-submit was there before, and its VisibilityTimeout is 30, not 330 .*delete the queue/,
        ) as string,
        fields: { queue: "o-submit", attribute: "VisibilityTimeout" },
      },
    ]);
  });

  it("keep a journaled message in the journal until the service has it", async () => {
    const left = ["m1", "m2"].map((id) => ({ id, body: id, sentAt: at("2027-01-15T00:00:00Z") }));
    const sent: string[] = [];
    const queue = aQueue(
      {
        send: async (_queue, messages) => {
          if (messages[0]?.body === "m2") throw new OrreryError("QUEUE_UNAVAILABLE", "away");
          sent.push(...messages.map(({ body }) => body));
          await Promise.resolve();
        },
      },
      {
        list: async () => await Promise.resolve([...left]),
        remove: async (_queue, ids) => {
          left.splice(0, left.length, ...left.filter(({ id }) => !ids.includes(id)));
          await Promise.resolve();
        },
      },
    );

    await expect(queue.takeJournaled()).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });

    expect(sent).toEqual(["m1"]);
    expect(left.map(({ id }) => id)).toEqual(["m2"]);
  });
});
