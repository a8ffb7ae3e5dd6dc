import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadHandler } from "../../../infra/local/handlers.ts";
import { readManifest } from "../../../infra/local/manifest.ts";
import { timerTiming } from "../../../infra/local/timer-trigger.ts";
import { OrreryError } from "../../../shared/core/errors.ts";

const SHIPPED = readFileSync(new URL("../../../serverless.yaml", import.meta.url), "utf8");

/** A manifest of one function; each part may be replaced. */
function aManifest(part: { events?: string; queues?: string; timeout?: string } = {}): string {
  const { events = "[]", queues = "{}", timeout = '"60"' } = part;
  return `
service: anything the plugin knows
provider: { name: yandex-cloud, timeout: ${timeout}, memorySize: 256 }
custom: { queues: ${queues} }
functions:
  tick: { handler: functions/tick/index.handler, account: some, events: ${events} }
`;
}

/** The message a manifest is refused with. */
function refusalOf(text: string): string {
  try {
    readManifest(text);
  } catch (error) {
    expect(error).toBeInstanceOf(OrreryError);
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    return (error as OrreryError).message;
  }
  throw new Error("The manifest was accepted");
}

describe("the shipped serverless.yaml", () => {
  const manifest = readManifest(SHIPPED);

  it("names only handlers that this platform loads", async () => {
    for (const { handler } of manifest.functions) {
      expect(await loadHandler(handler)).toBeTypeOf("function");
    }
  });

  it("has a function for every queue, and a dead-letter queue that nothing consumes", () => {
    const consumed = manifest.functions.flatMap((each) =>
      each.triggers.flatMap((trigger) => (trigger.kind === "queue" ? [trigger.queue] : [])),
    );

    expect(consumed.toSorted()).toEqual(["intake", "notify", "submit", "watch"]);
    for (const { deadLetter } of Object.values(manifest.queues)) {
      expect(consumed).not.toContain(deadLetter);
    }
  });

  it("keeps a message invisible for longer than its function may run", () => {
    for (const { timeoutMs, triggers } of manifest.functions) {
      for (const trigger of triggers) {
        if (trigger.kind !== "queue") continue;
        const queue = manifest.queues[trigger.queue];
        expect(queue?.visibilityTimeoutMs).toBeGreaterThan(timeoutMs + trigger.cutoffMs);
      }
    }
  });

  it("has timers that the laptop understands", () => {
    const expressions = manifest.functions.flatMap((each) =>
      each.triggers.flatMap((trigger) => (trigger.kind === "timer" ? [trigger.expression] : [])),
    );

    expect(expressions).toEqual(["* * ? * * *"]);
    for (const expression of expressions) expect(() => timerTiming(expression)).not.toThrow();
  });
});

describe("a manifest", () => {
  it("gives a function the provider's timeout and memory unless it has its own", () => {
    const text = `
provider: { timeout: "60", memorySize: 256 }
custom: { queues: {} }
functions:
  plain: { handler: a, events: [] }
  large: { handler: b, timeout: 300, memorySize: 512, events: [] }
`;

    expect(readManifest(text).functions).toEqual([
      { name: "plain", handler: "a", timeoutMs: 60_000, memoryMb: 256, triggers: [] },
      { name: "large", handler: "b", timeoutMs: 300_000, memoryMb: 512, triggers: [] },
    ]);
  });

  it("reads every kind of trigger and ignores what only other readers need", () => {
    const events = `[
      { cron: { expression: "* * ? * * *", account: x } },
      { ymq: { queue: submit, queueAccount: x, account: x, batch: 10, cutoff: 1 } },
      { http: { path: /runs, method: get, eventFormat: "1.0" } },
      { http: { path: "/runs/{run}/{rest+}", method: any, request: { parameters: {} } } },
    ]`;
    const queues = "{ submit: { visibilityTimeout: 90, maxReceiveCount: 3, deadLetter: dead } }";

    const manifest = readManifest(aManifest({ events, queues }));

    expect(manifest.functions[0]?.triggers).toEqual([
      { kind: "timer", expression: "* * ? * * *" },
      { kind: "queue", queue: "submit", batch: 10, cutoffMs: 1_000 },
      { kind: "http", method: "GET", path: "/runs" },
      { kind: "http", method: "ANY", path: "/runs/{run}/{rest+}" },
    ]);
    expect(manifest.queues).toEqual({
      submit: { visibilityTimeoutMs: 90_000, maxReceiveCount: 3, deadLetter: "dead" },
    });
  });

  it.each([
    ["text that is no YAML", "provider: [", "serverless.yaml cannot be used"],
    ["an empty file", "", "expected object, received null"],
    ["a list", "- provider", "expected object"],
    ["no queues", "provider: { timeout: 1, memorySize: 1 }\nfunctions: {}", "custom"],
    ["a timeout of no time", aManifest({ timeout: '"0"' }), "provider.timeout"],
    ["a timeout in words", aManifest({ timeout: "soon" }), "provider.timeout"],
    [
      "a trigger of an unknown kind",
      aManifest({ events: "[{ s3: {} }]" }),
      "functions.tick.events",
    ],
    [
      "a batch that the cloud refuses",
      aManifest({ events: "[{ ymq: { queue: submit, batch: 0, cutoff: 1 } }]" }),
      "functions.tick.events",
    ],
    [
      "a path without its slash",
      aManifest({ events: "[{ http: { path: runs, method: get } }]" }),
      "functions.tick.events",
    ],
    [
      "a greedy parameter before the end",
      aManifest({ events: '[{ http: { path: "/{rest+}/runs", method: get } }]' }),
      "functions.tick.events",
    ],
    [
      "a parameter that is part of a segment",
      aManifest({ events: '[{ http: { path: "/runs/{run}:cancel", method: get } }]' }),
      "functions.tick.events",
    ],
    [
      "a queue setting that nothing reads",
      aManifest({
        queues: "{ q: { visibilityTimeout: 1, maxReceiveCount: 1, deadLetter: d, delay: 1 } }",
      }),
      "custom.queues.q",
    ],
    [
      "a queue that is not declared",
      aManifest({ events: "[{ ymq: { queue: elsewhere, batch: 1, cutoff: 1 } }]" }),
      "queue elsewhere is not in custom.queues",
    ],
    [
      "a queue named like a member of every object",
      aManifest({ events: "[{ ymq: { queue: constructor, batch: 1, cutoff: 1 } }]" }),
      "queue constructor is not in custom.queues",
    ],
  ])("is refused with the place for %s", (_what, text, place) => {
    expect(refusalOf(text)).toContain(place);
  });
});

describe("a handler that this platform does not have", () => {
  it("is refused with those it has", async () => {
    await expect(loadHandler("functions/other/index.handler")).rejects.toThrow(
      /names the handler functions\/other\/index\.handler.*functions\/tick\/index\.handler/,
    );
    await expect(loadHandler("constructor")).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});
