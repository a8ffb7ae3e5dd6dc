import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { isFinal } from "../../shared/core/run/run.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { QUEUE_NAMES } from "../../shared/ports/queue.ts";
import { KEY, type QueueProxy, startProxy } from "../adapters/ymq/queue-proxy.ts";
import { startReceiver } from "../adapters/webhook/receiver.ts";
import { realClock } from "../support/real-clock.ts";
import { Home, until } from "./home.ts";
import type { PlatformProcess } from "./platform-process.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/quickstart/", import.meta.url));

/** Each process loads the SDK, and a delay is in whole seconds. */
const PATIENT = { timeout: 240 * SECOND_MS };

const KEYS = { AWS_ACCESS_KEY_ID: KEY.id, AWS_SECRET_ACCESS_KEY: KEY.secret };

const addressOf = ({ host }: QueueProxy, prefix = "orrery-"): string => `sqs://${host}/${prefix}`;

/** `orrery up` on a home and on queues at a service. */
function up(home: Home, queue: string, ...args: readonly string[]): PlatformProcess {
  const own = ["--config", home.config, ...home.where(), "--port", "0", "--queue", queue];
  return home.start({ args: ["up", ...own, ...args], environment: KEYS });
}

/** Runs a command to its end. */
async function command(home: Home, ...args: readonly string[]): Promise<string> {
  const process = home.start({ args, environment: KEYS });
  expect(await process.ended).toEqual({ code: 0, signal: null });
  return process.output;
}

/**
 * Makes queues that are as the platform makes them, but bring back what a crash left in flight after
 * seconds instead of minutes.
 */
function makeImpatientQueues({ emulator }: QueueProxy, seconds: number): void {
  for (const name of QUEUE_NAMES) {
    emulator.createQueue(`orrery-${name}-dead`, {
      attributes: { MessageRetentionPeriod: String(limits.deadLetterRetentionMs / SECOND_MS) },
    });
    const attributes = { VisibilityTimeout: String(seconds) };
    emulator.createQueue(`orrery-${name}`, { attributes });
  }
}

const ASKED = `
version: 1
defaults: { project: demo }
schedules:
  asked:
    when: "0 0 1 1 *"
    overlap: allow
    inputs: { WHO: nobody }
    job: { cmd: "echo asked by \${WHO}" }
`;

/** A schedule that fires every second for a while. */
function everySecond(home: Home, forMs: number): { text: string; at: readonly Instant[] } {
  const fromAt = instant(Math.ceil(realClock.now() / SECOND_MS + 2) * SECOND_MS);
  const untilAt = plusMs(fromAt, forMs);
  const text = `${ASKED}  each:
    when: { every: 1s, from: "${formatInstant(fromAt)}", until: "${formatInstant(untilAt)}" }
    overlap: allow
    timeout: 60s
    inputs: { ATTEMPT: "{{ run }}.{{ attempt }}" }
    job: { cmd: "echo \${ATTEMPT} >> ${home.path("executed")}; sleep 0.3" }
`;
  const count = forMs / SECOND_MS + 1;
  return { text, at: Array.from({ length: count }, (_, n) => plusMs(fromAt, n * SECOND_MS)) };
}

describe.concurrent("a platform whose queues are at a service", PATIENT, () => {
  it("makes them, runs the quickstart over them, and stops when it is told to", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    const receiver = await startReceiver(
      (_request, response) => void response.writeHead(204).end(),
    );
    test.onTestFinished(async () => await receiver.close());
    await cp(EXAMPLE, home.folder, { recursive: true });
    const shipped = await home.read("orrery.yaml");
    await home.write("orrery.yaml", shipped.replace("http://127.0.0.1:7071", receiver.origin));

    const platform = home.start({
      args: [
        ...["up", "--config", home.config, ...home.where(), "--port", "0"],
        ...["--queue", addressOf(proxy, "quick-")],
      ],
      environment: {
        ...KEYS,
        QUICKSTART_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString("base64")}`,
      },
    });
    await platform.line(/Queues are at sqs:\/\/127\.0\.0\.1:\d+\/quick-$/);
    await platform.line(/✔ succeeded in /);
    await platform.line(/✉ Told receiver \(webhook\): HTTP 204/);
    platform.signal("SIGINT");

    expect(await platform.ended).toEqual({ code: 0, signal: null });
    const started = (await home.runs()).filter((run) => run.attempts.length > 0);
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter((run) => !isFinal(run.state))).toEqual([]);
    for (const queue of ["submit", "watch", "notify"]) {
      const sent = proxy.asked.some(
        ({ action, body }) =>
          action === "SendMessageBatch" && String(body["QueueUrl"]).endsWith(`/quick-${queue}`),
      );
      expect(sent, queue).toBe(true);
    }
    expect(platform.output).not.toContain(KEY.secret);
  });

  it("loses nothing by kill -9, and does every occurrence and every message once", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    makeImpatientQueues(proxy, 3);
    const queue = addressOf(proxy);
    const { text, at } = everySecond(home, 8 * SECOND_MS);
    await home.write("orrery.yaml", text);
    await home.apply();

    const first = up(home, queue);
    await first.line(
      /Queue orrery-intake was there before, and its VisibilityTimeout is 3, not 90/,
    );
    await first.address();
    await command(home, "send", "asked", "--id", "one", "--queue", queue);
    await first.lines(/▶ started attempt/, 2);
    await first.crash();
    // While there is no platform, what is sent waits.
    await command(home, "send", "asked", "--id", "two", "--queue", queue);
    const second = up(home, queue);
    await second.line(/▶ started attempt/);
    await command(home, "send", "asked", "--id", "two", "--queue", queue);
    await second.crash();
    const last = up(home, queue, "--until-idle");
    expect(await last.ended).toEqual({ code: 0, signal: null });

    const runs = await home.runs();
    const fired = runs.filter(({ schedule }) => schedule === "each");
    expect(fired.map(({ nominalAt, state }) => [nominalAt, state])).toEqual(
      at.map((nominalAt) => [nominalAt, "succeeded"]),
    );
    const asked = runs.filter(({ schedule }) => schedule === "asked");
    expect(asked.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    const attempts = fired.flatMap((run) =>
      run.attempts.map(({ number }) => `${run.id}.${number}`),
    );
    expect((await home.lines("executed")).toSorted()).toEqual(attempts.toSorted());
    const { ready, inflight } = proxy.emulator.inspectQueue("orrery-intake")?.messages ?? {};
    expect([ready, inflight]).toEqual([[], []]);
  });

  it("takes messages with what is beside them, and sets aside what is none, under its id", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    const queue = addressOf(proxy);
    await home.write("orrery.yaml", ASKED);
    const platform = up(home, queue);
    await platform.address();

    await command(home, "send", "asked", "--input", "WHO=a friend", "--queue", queue);
    const id = await command(home, "send", "--body", "not JSON", "--queue", queue);

    await platform.line(/asked by a friend/);
    await until("the message is set aside", async () =>
      (await command(home, "rejected", ...home.where())).includes(id),
    );
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("sends on what a command beside it journaled, and what a platform before left", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    await home.write("orrery.yaml", ASKED);
    await home.apply();
    await home.send("m1", { schedule: "asked", id: "before" });
    const platform = up(home, addressOf(proxy));
    await platform.line(/✔ succeeded in /);

    await home.send("m2", { schedule: "asked", id: "beside" });
    await platform.lines(/✔ succeeded in /, 2);

    expect(await home.messagesLeft()).toBe(0);
    const sent = proxy.asked.filter(
      ({ action, body }) =>
        action === "SendMessageBatch" && String(body["QueueUrl"]).endsWith("-intake"),
    );
    expect(sent).toHaveLength(2);
  });

  it("tells once that the service is away and once that it is back, and goes on", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    const queue = addressOf(proxy);
    await home.write("orrery.yaml", ASKED);
    const platform = up(home, queue);
    await platform.address();

    let isAway = true;
    proxy.fault({
      times: Number.POSITIVE_INFINITY,
      act: async ({ fail, forward }) => {
        if (isAway) fail(503, "ServiceUnavailable", "Away for the test");
        else await forward();
      },
    });
    proxy.cut();
    await platform.line(/! The queues cannot be received from.*Away for the test/);
    isAway = false;
    await platform.line(/The queues answer again/);
    await command(home, "send", "asked", "--queue", queue);
    await platform.line(/✔ succeeded in /);

    expect(platform.output.match(/The queues cannot be received from/g)).toHaveLength(1);
    expect(platform.output.match(/The queues answer again/g)).toHaveLength(1);
  });
});

describe.concurrent("two platforms at one service", PATIENT, () => {
  it("do not meet, by the prefixes of their queues", async (test) => {
    const proxy = await startProxy(test);
    const homes = [await Home.of(test), await Home.of(test)] as const;
    const queues = [addressOf(proxy, "one-"), addressOf(proxy, "other-")] as const;
    for (const home of homes) await home.write("orrery.yaml", ASKED);
    const platforms = [up(homes[0], queues[0]), up(homes[1], queues[1])] as const;
    for (const platform of platforms) await platform.address();

    await command(homes[0], "send", "asked", "--input", "WHO=one", "--queue", queues[0]);
    await command(homes[1], "send", "asked", "--input", "WHO=other", "--queue", queues[1]);

    await platforms[0].line(/asked by one/);
    await platforms[1].line(/asked by other/);
    expect(platforms[0].output).not.toContain("asked by other");
    expect(platforms[1].output).not.toContain("asked by one");
    expect((await homes[0].runs()).length + (await homes[1].runs()).length).toBe(2);
  });
});

describe.concurrent("queues that cannot be worked with", PATIENT, () => {
  it.for([
    ["an address that is none", { ...KEYS }, "https://127.0.0.1/x", 2, "QUEUE_ADDRESS_INVALID"],
    [
      "no keys",
      { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
      "sqs://127.0.0.1:1/x",
      2,
      "QUEUE_CREDENTIALS_MISSING",
    ],
    ["no service", KEYS, "sqs://127.0.0.1:1/x", 1, "QUEUE_UNAVAILABLE"],
  ] as const)(
    "end a platform and a sender with what is wrong: %s",
    async ([, environment, queue, code, error], test) => {
      const home = await Home.of(test);
      await home.write("orrery.yaml", ASKED);
      const option = ["--queue", queue, ...home.where()];

      const platform = home.start({ args: ["up", "--port", "0", ...option], environment });
      const sender = home.start({ args: ["send", "asked", ...option], environment });

      for (const { ended } of [platform, sender])
        expect(await ended).toEqual({ code, signal: null });
      for (const { output } of [platform, sender]) {
        expect(output).toMatch(new RegExp(`^orrery: [^\\n]+ \\[${error}\\]$`));
      }
    },
  );

  it("end a platform whose keys are refused, without showing them", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    const environment = { AWS_ACCESS_KEY_ID: KEY.id, AWS_SECRET_ACCESS_KEY: "YCnot-the-secret" };

    const platform = home.start({
      args: ["up", "--port", "0", "--queue", addressOf(proxy), ...home.where()],
      environment,
    });

    expect(await platform.ended).toEqual({ code: 1, signal: null });
    expect(platform.output).toMatch(/\[QUEUE_ACCESS_DENIED\]$/);
    expect(platform.output).not.toContain("YCnot-the-secret");
  });

  it("leave an error of a message to its sender", async (test) => {
    const [home, proxy] = [await Home.of(test), await startProxy(test)];
    proxy.emulator.createQueue("orrery-intake");

    for (const [body, code] of [
      ["", "MESSAGE_INVALID"],
      ["a\u001bb", "MESSAGE_INVALID"],
      ["x".repeat(100_000), undefined],
    ] as const) {
      const args = ["send", "--body", body, "--queue", addressOf(proxy)];
      const sender = home.start({ args, environment: KEYS });
      expect(await sender.ended).toEqual({ code: code === undefined ? 0 : 2, signal: null });
      if (code !== undefined) expect(sender.output).toContain(`[${code}]`);
    }
    expect(proxy.emulator.inspectQueue("orrery-intake")?.messages.ready).toHaveLength(1);
  });
});
