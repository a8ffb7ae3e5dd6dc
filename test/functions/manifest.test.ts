import { existsSync, globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadHandler } from "../../infra/local/handlers.ts";
import { limits } from "../../shared/core/limits.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { manifest } from "../support/world.ts";

/** `serverless.yaml` and the code it deploys. */
describe("every function of serverless.yaml", () => {
  it.each(manifest.functions)("has the handler it names: $name", async ({ name, handler }) => {
    expect(handler).toBe(`functions/${name}/index.handler`);
    expect(existsSync(`functions/${name}/index.ts`)).toBe(true);
    expect(typeof (await loadHandler(handler))).toBe("function");
  });

  it("is every function there is", () => {
    const folders = globSync("functions/*/index.ts").map((path) => path.split(/[\\/]/)[1]);

    expect(folders.toSorted()).toEqual(manifest.functions.map(({ name }) => name).toSorted());
  });

  it("is no other handler that the platform would load", async () => {
    await expect(loadHandler("functions/gone/index.handler")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});

describe("every queue of serverless.yaml", () => {
  const consumers = manifest.functions.flatMap((each) =>
    each.triggers.flatMap((trigger) => (trigger.kind === "queue" ? [{ ...each, trigger }] : [])),
  );
  const queues = Object.entries(manifest.queues).map(([name, queue]) => ({ name, ...queue }));

  it.each(queues)("has one consumer: $name", ({ name }) => {
    expect(consumers.filter(({ trigger }) => trigger.queue === name)).toHaveLength(1);
  });

  it.each(queues)("hides a message for as long as its consumer may take: $name", (queue) => {
    const consumer = consumers.find(({ trigger }) => trigger.queue === queue.name);
    const neededMs = (consumer?.timeoutMs ?? Infinity) + (consumer?.trigger.cutoffMs ?? Infinity);

    expect(queue.visibilityTimeoutMs).toBeGreaterThanOrEqual(neededMs);
  });

  it.each(queues)("gives a message up after ten receives at the earliest: $name", (queue) => {
    expect(queue.maxReceiveCount).toBeGreaterThanOrEqual(10);
    expect(queue.deadLetter).toBe(`${queue.name}-dead`);
  });
});

describe("the tick of serverless.yaml", () => {
  it("comes every minute, which is what the product's horizon counts on", () => {
    const tick = manifest.functions.find(({ name }) => name === "tick");

    expect(tick?.triggers).toEqual([{ kind: "timer", expression: "* * ? * * *" }]);
    expect(tick?.timeoutMs).toBeLessThanOrEqual(limits.tickHorizonMs);
    expect(limits.tickReserveMs).toBeLessThan(tick?.timeoutMs ?? 0);
  });

  it("has a notify that outlives a batch of slow receivers", () => {
    const notify = manifest.functions.find(({ name }) => name === "notify");

    expect(notify?.timeoutMs).toBeGreaterThanOrEqual(limits.deliveryTimeoutMs + SECOND_MS);
  });
});
