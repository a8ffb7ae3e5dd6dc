import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { at } from "../../support/timing-builder.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { rejectMessage } from "../../../shared/usecases/reject-message.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

const send = async (...args: readonly string[]): ReturnType<typeof orrery> =>
  await orrery("send", "--data", world.directory, ...args);

const sent = async (): Promise<readonly { id: string; body: string }[]> =>
  (await world.data.journal.list("intake")).map(({ id, body }) => ({ id, body }));

describe("a message to intake", () => {
  it("is on the queue once its id is printed", async () => {
    const { code, out, err } = await send("nightly", "--input", "DATE=2027-01-14");

    const id = out.trimEnd();
    expect(code).toBe(0);
    expect(err).toContain("the message waits for the next `orrery up`");
    const body = JSON.stringify({ schedule: "nightly", id, inputs: { DATE: "2027-01-14" } });
    expect(await sent()).toEqual([{ id, body }]);
  });

  it("carries its sender's id and never replaces an earlier one with it", async () => {
    await send("nightly", "--id", "order-4711");
    await send("hourly", "--id", "order-4711");

    const bodies = (await sent()).map(({ body }) => JSON.parse(body) as unknown);
    expect(bodies).toHaveLength(2);
    expect(bodies).toEqual(
      expect.arrayContaining([
        { schedule: "nightly", id: "order-4711", inputs: {} },
        { schedule: "hourly", id: "order-4711", inputs: {} },
      ]),
    );
  });

  it("goes as it is where a body is given, however wrong", async () => {
    await send("--body", '{"schedule":');

    expect((await sent()).map(({ body }) => body)).toEqual(['{"schedule":']);
  });

  it("may come before the first platform", async () => {
    const directory = join(world.folder, "fresh");

    expect((await orrery("send", "nightly", "--data", directory)).code).toBe(0);
    expect((await orrery("runs", "--data", directory)).code).toBe(0);
  });

  it.each([
    ["no schedule and no body", [], "USAGE"],
    ["a schedule beside a body", ["nightly", "--body", "{}"], "USAGE"],
    ["an id beside a body", ["--body", "{}", "--id", "x"], "USAGE"],
    ["an input beside a body", ["--body", "{}", "--input", "A=1"], "USAGE"],
    ["an empty body", ["--body", ""], "MESSAGE_INVALID"],
    [
      "a body that no queue takes",
      ["--body", "x".repeat(limits.queueMessageBytes + 1)],
      "MESSAGE_TOO_LARGE",
    ],
  ])("is not sent with %s, and exits 2", async (_, args, errorCode) => {
    const { code, out, err } = await send(...args);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(new RegExp(`othing was sent.*\\[${errorCode}\\]`));
    expect(await sent()).toEqual([]);
  });
});

describe("messages that were set aside", () => {
  const SENT_AT = at("2027-01-15T02:30:00Z");

  it("are none at first", async () => {
    const { code, out } = await orrery("rejected", "--data", world.directory);

    expect({ code, out }).toEqual({ code: 0, out: "No message was set aside.\n" });
  });

  it("are listed from every queue, the one sent last first, with reason and beginning", async () => {
    for (const [index, source] of (["intake", "notify", "submit", "watch"] as const).entries()) {
      const sentAt = plusMs(SENT_AT, index * 1_000);
      const body = `${source} \u001b[2J body`;
      await rejectMessage(world.services, { source, id: `m${index}`, sentAt, reason: "why", body });
    }

    const { out } = await orrery("rejected", "--data", world.directory, "--limit", "3");

    // What a stranger wrote must not clear the screen.
    expect(out).toBe(
      [
        "2027-01-15T02:30:03Z  watch  m3\n  why\n  watch [2J body",
        "2027-01-15T02:30:02Z  submit  m2\n  why\n  submit [2J body",
        "2027-01-15T02:30:01Z  notify  m1\n  why\n  notify [2J body",
        "",
      ].join("\n"),
    );
  });

  it("keep their text for programs", async () => {
    const message = { source: "intake", id: "m1", sentAt: SENT_AT } as const;
    await rejectMessage(world.services, { ...message, reason: "why", body: "a\nb" });

    expect(await orreryJson("rejected", "--data", world.directory)).toEqual({
      rejections: [
        {
          source: "intake",
          id: "m1",
          sentAt: "2027-01-15T02:30:00Z",
          rejectedAt: expect.stringMatching(/Z$/) as string,
          reason: "why",
          excerpt: "a\nb",
        },
      ],
    });
  });
});
