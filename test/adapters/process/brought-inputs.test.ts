import { describe, expect, it } from "vitest";
import { withBroughtInputs } from "../../../shared/adapters/process/brought-inputs.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { projectId } from "../../../shared/core/ids.ts";
import type { JobDefinition } from "../../../shared/core/job/job-definition.ts";
import type { Work } from "../../../shared/core/work.ts";
import type { ExecutionReport, Executor, StartRequest } from "../../../shared/ports/executor.ts";
import { freshAttempt } from "../../contract/executor.ts";
import { aJob } from "../../support/builders.ts";

const PROJECT = projectId("demo");
const stored = { sha256: "a".repeat(64), bytes: 1, isArchive: false };
const JOB = aJob({
  root: "s3://bucket/config/jobs",
  inputs: [{ path: "a", stored }, { path: "b" }],
});

function aWorld(options: { state?: ExecutionReport["state"]; fails?: Error } = {}): {
  readonly executor: Executor;
  readonly told: unknown[];
} {
  const told: unknown[] = [];
  const inner: Partial<Executor> = {
    check: async (_project, work) => {
      told.push(["check", (work as JobDefinition).root]);
      await Promise.resolve();
      return undefined;
    },
    start: async ({ work }) => {
      told.push(["start", (work as JobDefinition).root]);
      await Promise.resolve();
    },
    poll: async () =>
      await Promise.resolve({ state: options.state ?? "unknown" } as ExecutionReport),
  };
  const executor = withBroughtInputs(inner as Executor, {
    content: async (project, { sha256 }) => {
      told.push(["content", project, sha256]);
      await Promise.resolve();
    },
    folder: async (root) => {
      if (options.fails !== undefined) throw options.fails;
      return await Promise.resolve(root.replace("s3://bucket/config", "/copy"));
    },
  });
  return { executor, told };
}

const request = (work: Work): StartRequest => ({
  ...{ project: PROJECT, attempt: freshAttempt(), work, variables: {} },
  ...{ softLimitMs: 1_000, hardLimitMs: 2_000 },
});

describe("a job whose inputs are elsewhere", () => {
  it("has them on this machine before it is looked at, and before it starts", async () => {
    const { executor, told } = aWorld();

    expect(await executor.check(PROJECT, JOB)).toBeUndefined();
    await executor.start(request(JOB));

    const brought = ["content", PROJECT, stored.sha256];
    expect(told).toEqual([brought, ["check", "/copy/jobs"], brought, ["start", "/copy/jobs"]]);
  });

  it("that was started already is found, though nothing can be brought any more", async () => {
    const gone = new OrreryError("BUCKET_UNAVAILABLE", "The bucket is away");
    const { executor, told } = aWorld({ state: "running", fails: gone });

    await executor.start(request(JOB));

    expect(told).toEqual([["start", JOB.root]]);
  });

  it("is refused with the reason where they can never be brought", async () => {
    const { executor } = aWorld({ fails: new OrreryError("FILE_REJECTED", "It is too large") });

    expect(await executor.check(PROJECT, JOB)).toEqual({ reason: "It is too large" });
    await expect(executor.start(request(JOB))).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
      message: "It is too large",
    });
  });

  it("is tried again where they cannot be brought for now", async () => {
    const gone = new OrreryError("BUCKET_UNAVAILABLE", "The bucket is away");
    const { executor } = aWorld({ fails: gone });

    await expect(executor.check(PROJECT, JOB)).rejects.toBe(gone);
    await expect(executor.start(request(JOB))).rejects.toBe(gone);
  });

  it("is refused where it works in its project's storage, as a notebook does", async () => {
    const { executor, told } = aWorld();
    const notebook = { kind: "notebook" } as Partial<Work> as Work;
    for (const work of [notebook, aJob({ attachProjectDisk: true })]) {
      expect((await executor.check(PROJECT, work))?.reason).toContain("run it without --bucket");
      await expect(executor.start(request(work))).rejects.toMatchObject({
        code: "EXECUTION_PREPARE_FAILED",
      });
    }
    expect(told).toEqual([]);
  });
});
