import { stat } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { eventually, freshAttempt, resultOf } from "../../contract/executor.ts";
import { processWorld, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

describe("the log of a job", () => {
  it("comes in bounded pieces that join to the whole, byte for byte", async () => {
    const bytes = 2 * limits.logChunkBytes + 17;
    const { attempt } = await world.run({ command: `head -c ${bytes} /dev/zero` });

    const sizes: number[] = [];
    let offset = 0;
    for (;;) {
      const chunk = await world.executor.readLog(attempt, "stdout", offset);
      if (chunk.bytes.length === 0) break;
      sizes.push(chunk.bytes.length);
      offset = chunk.nextOffset;
    }

    expect(sizes).toEqual([limits.logChunkBytes, limits.logChunkBytes, 17]);
  });

  it("is empty while there is none", async () => {
    expect(await world.executor.readLog(freshAttempt(), "stdout", 5)).toEqual({
      bytes: new Uint8Array(),
      nextOffset: 5,
    });
  });

  it("is cut at its limit while the program writes on, and says so", async () => {
    const request = world.request({
      command: `head -c ${limits.jobLogBytes + 5_000_000} /dev/zero; while [ ! -e go ]; do echo x; done`,
    });
    await world.executor.start(request);
    const file = await world.launchFile(request.attempt, "stdout");
    const over = limits.jobLogBytes + 1_000_000;
    const size = async (): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;
    await eventually(async () => ((await size()) > over ? true : undefined));

    await eventually(async () => ((await size()) < over ? true : undefined));
    await world.executor.stop(request.attempt, "kill", "cancelled");
    await resultOf(world.executor, request.attempt);

    const note = await world.executor.readLog(request.attempt, "stdout", limits.jobLogBytes);
    expect(Buffer.from(note.bytes).toString()).toContain("what came after is not kept");
    const end = await world.executor.readLog(request.attempt, "stdout", note.nextOffset);
    expect(end.bytes).toHaveLength(0);
  });
});
