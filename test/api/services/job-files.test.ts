import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { PROJECT } from "../../support/builders.ts";
import { aFile, jobs, JobWorld } from "../../support/job-world.ts";
import { anOutput } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

let world: JobWorld;
let job: string;
const output = { ...anOutput("out/model.bin", "weights"), variable: "MODEL" };
const log = { path: "stdout.txt", kind: "log", sha256: "a".repeat(64), bytes: 5 } as const;
const system = {
  path: ".system.log",
  kind: "diagnostic",
  sha256: "b".repeat(64),
  bytes: 7,
} as const;
beforeEach(async () => {
  world = await JobWorld.make();
  world.jobsRun({ runMs: SECOND_MS, outputs: [output], logs: [log, system] });
  world.files.put(PROJECT, "1,2");
  ({ job } = await world.executed({ inputFiles: [aFile("data.csv", "1,2", "DATA")] }));
  await world.live(MINUTE_MS);
});
afterEach(async () => {
  await world.close();
});

async function urlOf(file: object): Promise<string | undefined> {
  const { downloadFiles } = await world.rpc(jobs.downloadJobFiles, { jobId: job, files: [file] });
  expect(downloadFiles).toHaveLength(1);
  return downloadFiles[0]?.url.replace(/^.*\/bt1[^/]+\//, "").replace(/\?.*$/, "");
}

describe("a file of a job that is to be downloaded", () => {
  it.each([
    ["an output by its path", { desc: { path: "out/model.bin" } }, "output/out/model.bin"],
    ["an output by its variable", { desc: { var: "MODEL" } }, "output/out/model.bin"],
    ["an output by its hash", { sha256: output.sha256 }, "output/out/model.bin"],
    ["a log by its path", { desc: { path: "stdout.txt" } }, "log/stdout.txt"],
    ["a diagnostic", { desc: { path: ".system.log" } }, "log/.system.log"],
    ["an input", { desc: { var: "DATA" } }, `input/${aFile("", "1,2").sha256 ?? ""}`],
  ])("gets a URL: %s", async (_, file, url) => {
    expect(await urlOf(file)).toBe(url);
  });

  it("gets one as the job shows it", async () => {
    const { outputFiles, logFiles, diagnosticFiles } = await world.job(job);
    const files = [...outputFiles, ...logFiles, ...diagnosticFiles];

    const { downloadFiles } = await world.rpc(jobs.downloadJobFiles, { jobId: job, files });

    expect(downloadFiles.map(({ file }) => file)).toEqual(files);
    expect(new Set(downloadFiles.map(({ url }) => url)).size).toBe(3);
  });

  it.each([
    ["a path it does not have", { desc: { path: "other.bin" } }, /has no file other\.bin/],
    [
      "a path with another hash",
      { desc: { path: "stdout.txt" }, sha256: "c".repeat(64) },
      /stdout/,
    ],
    ["nothing at all", {}, /without path, variable and hash/],
  ])("is not found: %s", async (_, file, text) => {
    const failure = await failureOf(
      world.rpc(jobs.downloadJobFiles, { jobId: job, files: [{ desc: { var: "DATA" } }, file] }),
    );

    expect(failure.code).toBe(5);
    expect(failure.message).toMatch(text);
  });

  it("is refused once the data is cleared", async () => {
    await world.rpc(jobs.deleteData, { jobId: job });

    const failure = await failureOf(
      world.rpc(jobs.downloadJobFiles, { jobId: job, files: [{ desc: { var: "DATA" } }] }),
    );

    expect(failure.code).toBe(9);
  });
});
