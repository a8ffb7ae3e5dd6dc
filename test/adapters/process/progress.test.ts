import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { at } from "../../support/timing-builder.ts";
import { processWorld, type ProcessWorld } from "./process-world.ts";
import type { Progress } from "../../../shared/ports/executor.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

const line = (progress: unknown, message: unknown = "said"): string =>
  JSON.stringify({ progress, message, create_time: "2025-06-01T11:00:12+00:00" });
const SAID_AT = at("2025-06-01T11:00:12Z");

/** The progress after a program wrote this text into its file. */
async function progressOf(text: string): Promise<Progress | undefined> {
  const stored = await world.upload(text);
  const { attempt } = await world.run({
    command: 'cat said >>"$JOB_PROGRESS_FILENAME"',
    inputs: [{ path: "said", stored }],
  });
  return await world.executor.progress(attempt);
}

describe("the progress of a job", () => {
  it("is what its last line says", async () => {
    expect(await progressOf(`${line(20)}\n${line(60, "later")}\n`)).toEqual({
      percent: 60,
      message: "later",
      at: SAID_AT,
    });
  });

  it.each([
    ["torn", line(30).slice(0, 20)],
    ["no JSON", "half way"],
    ["no object", "31"],
    ["null", "null"],
    ["without a number", line("31")],
  ])("passes over a last line that is %s", async (_, last) => {
    expect(await progressOf(`${line(20)}\n${last}`)).toMatchObject({ percent: 20 });
  });

  it("counts a last line that is whole and has no end yet", async () => {
    expect(await progressOf(`${line(20)}\n${line(30)}`)).toMatchObject({ percent: 30 });
  });

  it.each([
    [-5, 0],
    [0.9, 0],
    [99.9, 99],
    [250, 100],
  ])("of %d is %d per cent", async (said, percent) => {
    expect(await progressOf(line(said))).toMatchObject({ percent });
  });

  it("is none where nothing in the file makes sense", async () => {
    expect(await progressOf("\n\nnothing\n")).toBeUndefined();
    expect(await progressOf("")).toBeUndefined();
  });

  it("has the time of the file where a line has none, and a message of bounded length", async () => {
    const before = Date.now() - 60_000;
    const found = await progressOf(
      JSON.stringify({ progress: 1, message: "x".repeat(limits.progressMessageChars + 1) }),
    );

    expect(found?.message).toHaveLength(limits.progressMessageChars);
    expect(found?.at).toBeGreaterThan(before);
  });

  it("is read from the end of a long file, and no line from the middle of one", async () => {
    const early = `${line(10)}\n`;
    // The part that is read begins inside the line, and what is left of it would count.
    const rest = `${line(99)}\n`;
    const filler = "x".repeat(limits.logChunkBytes - rest.length);

    expect(await progressOf(`x${rest}${filler}`)).toBeUndefined();
    expect(await progressOf(`${early.repeat(5_000)}${line(70)}\n`)).toMatchObject({ percent: 70 });
  });

  it("is none where the program put a link or a pipe in place of the file", async () => {
    for (const replace of ["ln -s /etc/hostname", "mkfifo"]) {
      const { attempt, result } = await world.run({
        command: `${replace} "$JOB_PROGRESS_FILENAME"`,
      });

      expect(await world.executor.progress(attempt)).toBeUndefined();
      expect(result.logs?.map(({ path }) => path)).not.toContain("job_progress.jsonl");
    }
  });
});
