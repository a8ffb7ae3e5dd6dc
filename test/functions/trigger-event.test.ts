import { describe, expect, it } from "vitest";
import { decodeTimerEvent } from "../../functions/timer-event.ts";
import { decodeObjectEvent, decodeQueueEvent } from "../../functions/trigger-event.ts";
import { instant, parseInstant } from "../../shared/core/time/instant.ts";
import { recordedEvent } from "./recorded-event.ts";

describe("a timer's event", () => {
  it.each(["timer", "timer-without-payload"])("names its trigger: %s", (name) => {
    expect(decodeTimerEvent(recordedEvent(name))).toEqual(["a1stick0000000000aaa"]);
  });
});

describe("a queue's event", () => {
  it("has each message with its id, body and the instant at which it was sent", () => {
    expect(decodeQueueEvent(recordedEvent("queue"))).toEqual([
      {
        id: "7d9f-0001",
        body: '{"schedule": "nightly", "id": "order-1"}',
        sentAt: instant(1_799_971_200_123),
        attributes: {},
      },
    ]);
  });

  it.each([
    ["snake case", "queue-snake-case-attributes"],
    ["camel case", "queue-camel-case-attributes"],
    ["one binary attribute beside it", "queue-binary-attribute"],
  ])("has attributes in %s", (_how, name) => {
    expect(decodeQueueEvent(recordedEvent(name))[0]?.attributes).toEqual({ source: "billing" });
  });

  it("was sent, where the queue does not say, when its trigger made it, to the millisecond", () => {
    const [message] = decodeQueueEvent(recordedEvent("queue-without-attributes"));

    expect(message).toMatchObject({
      sentAt: parseInstant("2027-01-15T00:00:01.987Z"),
      attributes: {},
    });
  });

  it("may have members that nobody documents", () => {
    const known = decodeQueueEvent(recordedEvent("queue"));

    expect(decodeQueueEvent(recordedEvent("queue-with-unknown-members"))).toEqual(known);
  });
});

describe("an object storage's event", () => {
  it.each(["object-create", "object-update", "object-delete"])(
    "names the key that changed, and when: %s",
    (name) => {
      expect(decodeObjectEvent(recordedEvent(name))).toEqual([
        {
          id: expect.stringMatching(/^b1c2d3e4-000[123]$/) as string,
          at: parseInstant("2027-01-15T00:00:00.123Z"),
          key: "config/orrery.yaml",
        },
      ]);
    },
  );

  it("may have several, each with its own", () => {
    const keys = decodeObjectEvent(recordedEvent("object-batch")).map(({ key }) => key);

    expect(keys).toEqual(["files/demo/a", "config/jobs/train/config.yaml", "config/orrery.yaml"]);
  });

  it.each([
    ["another trigger's", ["messages", 0, "event_metadata", "event_type"], "x.TimerMessage"],
    ["no key", ["messages", 0, "details", "object_id"], undefined],
    ["no time", ["messages", 0, "event_metadata", "created_at"], "yesterday"],
    ["no message", ["messages"], []],
  ])("is refused where it has %s", (_what, path, value) => {
    expect(() => decodeObjectEvent(changed("object-create", path, value))).toThrow(
      "This is no object storage trigger event",
    );
  });
});

/** The event with one value put in place of what stands there. */
function changed(name: string, path: readonly (string | number)[], value: unknown): object {
  const event = recordedEvent(name);
  let place: Record<string | number, unknown> = event as Record<string, unknown>;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string, unknown>;
  place[path.at(-1) ?? ""] = value;
  return event;
}

describe("something that is no trigger's event", () => {
  const message = ["messages", 0, "details", "message"];

  it.each([
    ["nothing", undefined, ""],
    ["an HTTP request", recordedEvent("http-1.0"), "messages"],
    ["no messages", changed("queue", ["messages"], []), "messages"],
    ["no id", changed("queue", [...message, "message_id"], undefined), "message_id"],
    ["a body that is no text", changed("queue", [...message, "body"], { a: 1 }), "body"],
    [
      "an instant that is none",
      changed("queue", [...message, "attributes", "SentTimestamp"], "soon"),
      "SentTimestamp",
    ],
    [
      "an instant after every year there is",
      changed("queue", [...message, "attributes", "SentTimestamp"], "999999999999999"),
      "SentTimestamp",
    ],
    [
      "a creation that is no instant",
      changed("queue-without-attributes", ["messages", 0, "event_metadata", "created_at"], "now"),
      "created_at",
    ],
  ])("is refused with the place: %s", (_what, event, place) => {
    expect(() => decodeQueueEvent(event)).toThrow(
      expect.objectContaining({
        code: "MESSAGE_INVALID",
        message: expect.stringContaining(place) as string,
      }) as Error,
    );
  });

  it.each([
    ["nothing", undefined, "the event is not an object"],
    ["a queue's event", recordedEvent("queue"), "messages[0].details.trigger_id is not a text"],
    ["no messages", changed("timer", ["messages"], []), "messages is not a list of at least one"],
    ["a message that is none", changed("timer", ["messages", 0], null), "messages[0] is not an"],
    [
      "no time",
      changed("timer", ["messages", 0, "event_metadata", "created_at"], undefined),
      "messages[0].event_metadata.created_at is not a text",
    ],
    [
      "a trigger that is no text",
      changed("timer", ["messages", 0, "details", "trigger_id"], 7),
      "messages[0].details.trigger_id is not a text",
    ],
  ])("is refused by a timer with the place too: %s", (_what, event, place) => {
    expect(() => decodeTimerEvent(event)).toThrow(
      expect.objectContaining({
        code: "MESSAGE_INVALID",
        message: expect.stringContaining(place) as string,
      }) as Error,
    );
  });
});
