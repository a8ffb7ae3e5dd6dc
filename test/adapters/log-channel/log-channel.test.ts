import { describe, expect, it } from "vitest";
import { LogChannel } from "../../../shared/adapters/log-channel/log-channel.ts";
import type { LogEntry } from "../../../shared/ports/log.ts";
import { aNotification, describeChannel, type Received } from "../../contract/channel.ts";

describeChannel("the log channel", async () => {
  const received: Received[] = [];
  const channel = new LogChannel({
    write: ({ fields }) => {
      received.push({ id: String(fields["notification"]), body: String(fields["body"]) });
    },
  });
  return await Promise.resolve({
    channel,
    target: { kind: "log" },
    received: () => received,
    dispose: async () => await Promise.resolve(),
  });
});

describe("a notification for the log", () => {
  it("becomes one entry that says what happened to which run", async () => {
    const entries: LogEntry[] = [];
    const channel = new LogChannel({ write: (entry) => entries.push(entry) });

    await channel.deliver({ kind: "log" }, aNotification());

    expect(entries).toMatchObject([
      {
        level: "info",
        name: "notification",
        message: "orrery.run.failed.v1 nightly.20270115T023000Z.0a1b2c3d",
      },
    ]);
  });
});
