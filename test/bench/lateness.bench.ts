import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WatchedFolder } from "../../infra/local/configuration-file.ts";
import { readManifest } from "../../infra/local/manifest.ts";
import { Platform } from "../../infra/local/platform.ts";
import { assert } from "../../shared/core/assert.ts";
import { attemptIdOf } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, instant, plusMs } from "../../shared/core/time/instant.ts";
import { listRuns } from "../../shared/usecases/list-runs.ts";
import { realClock } from "../support/real-clock.ts";

/** Six schedules by the second, a sixth of a second apart: 60 fires that do not meet. */
const SCHEDULES = 6;
const FIRES_EACH = 10;

/** A job that says when its first instruction runs; the start of `date` itself is in it. */
const SPAWNED = { cmd: "date +%s%3N" };
/** A job that this platform refuses when it is due: nothing is spawned. */
const REFUSED = { cmd: "true", spark: { connector: "none" } };

/**
 * Prints how late a fire is, in milliseconds after its `effectiveAt`: until the submit handler
 * looks at it, until its process is there, and until the first instruction of its job. It takes
 * half a minute, because time is what it measures.
 */
export async function bench(): Promise<void> {
  process.stdout.write(`${"lateness, ms".padEnd(38)}   fires     p50     p99     max\n`);
  const refused = await fires(REFUSED);
  print(
    "to the handler, nothing spawned",
    refused.runs.map((run) => (run.finishedAt ?? Number.NaN) - run.effectiveAt),
  );
  const spawned = await fires(SPAWNED);
  const attempts = spawned.runs.flatMap((run) =>
    run.attempts.map((attempt) => ({ run, attempt, began: spawned.began.get(run.id) })),
  );
  print(
    "to the handler, jobs beside it",
    attempts.map(({ run, attempt }) => attempt.admittedAt - run.effectiveAt),
  );
  print(
    "to the job's process",
    attempts.map(({ run, attempt }) => (attempt.startedAt ?? Number.NaN) - run.effectiveAt),
  );
  print(
    "to the job's first instruction",
    attempts.map(({ run, began = Number.NaN }) => began - run.effectiveAt),
  );
}

function print(what: string, latenessMs: readonly number[]): void {
  const sorted = latenessMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const figures = [sorted.length, at(0.5), at(0.99), at(1)].map((n) => String(n).padStart(8));
  process.stdout.write(`${what.padEnd(38)}${figures.join("")}\n`);
}

/** What fired on a platform of its own, and when each job says that it began. */
async function fires(
  job: object,
): Promise<{ readonly runs: readonly Run[]; readonly began: ReadonlyMap<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), "orrery-bench-"));
  const dataDirectory = join(folder, "data");
  const manifest = readManifest(readFileSync("serverless.yaml", "utf8"));
  const lines = { write: () => undefined };
  const options = {
    dataDirectory,
    configuration: new WatchedFolder(join(folder, "orrery.yaml")),
    manifest,
    host: "127.0.0.1",
    port: 0,
    lines,
    log: "json" as const,
  };
  const platform = await Platform.open(options);
  try {
    await platform.run(options, () => undefined);
    writeSchedules(join(folder, "orrery.yaml"), job);
    const applied = await platform.configurationChanged([options.configuration.change()]);
    assert(applied?.outcome === "applied", "the bench's schedules are right");
    await platform.untilIdle();
    const { items: runs } = await listRuns(platform.services, { size: limits.scanRows });
    const began = new Map<string, number>();
    for (const run of runs) began.set(run.id, await firstInstruction(platform, run));
    return { runs, began };
  } finally {
    await platform.stop();
    rmSync(folder, { recursive: true });
  }
}

function writeSchedules(file: string, job: object): void {
  const fromAt = instant(Math.ceil(realClock.now() / SECOND_MS + 1) * SECOND_MS);
  const untilAt = plusMs(fromAt, FIRES_EACH * SECOND_MS - 1);
  const from = formatInstant(fromAt);
  const until = formatInstant(untilAt);
  const schedules: Record<string, object> = {};
  for (let n = 0; n < SCHEDULES; n += 1) {
    const offset = `${Math.round((n * SECOND_MS) / SCHEDULES)}ms`;
    schedules[`s${n}`] = { when: { every: "1s", offset, from, until }, overlap: "allow", job };
  }
  // JSON is YAML.
  const document = { version: 1, defaults: { project: "bench" }, schedules };
  writeFileSync(file, JSON.stringify(document));
}

async function firstInstruction(platform: Platform, run: Run): Promise<number> {
  const attempt = run.attempts.at(-1);
  if (attempt === undefined) return Number.NaN;
  const id = attemptIdOf(run.id, attempt.number);
  const { bytes } = await platform.services.executor.readLog(id, "stdout", 0);
  return Number(Buffer.from(bytes).toString());
}
