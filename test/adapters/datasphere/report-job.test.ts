import { ExecuteProjectJobResponse } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { Job, JobStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { describe, expect, it } from "vitest";
import { jobReport, type SeenJob } from "../../../shared/adapters/datasphere/report-job.ts";
import { limits } from "../../../shared/core/limits.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import type { ExecutionClaim } from "../../../shared/ports/execution-claims.ts";
import { freshAttempt } from "../../contract/executor.ts";
import { START_AT } from "../../support/builders.ts";

const after = (seconds: number): Instant => plusMs(START_AT, seconds * 1_000);
const date = (seconds: number): Date => new Date(after(seconds));
const SETTLED = 100 + limits.datasphereSettleMs / 1_000 + 1;

const claim: ExecutionClaim = {
  project: projectId("p"),
  attempt: freshAttempt(),
  execution: "bt1job",
  claimedAt: START_AT,
  work: { kind: "job", instanceTypes: ["g1.1", "c1.8"] },
  operation: "op",
};

type Fields<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A job that began after 10 seconds; where it has ended, after 100. */
function seen(parts: {
  readonly job?: Fields<Job> | "none";
  readonly operation?: Fields<Operation> | "none";
  readonly at?: number;
  readonly stopping?: "timedOut";
}): SeenJob {
  const { job = {}, operation = {}, at = 101 } = parts;
  const begun = { id: "bt1job", status: JobStatus.EXECUTING, startedAt: date(10) };
  return {
    claim: { ...claim, ...(parts.stopping === undefined ? {} : { stopping: parts.stopping }) },
    job: job === "none" ? undefined : ({ ...Job.fromPartial(begun), ...job } as Job),
    operation:
      operation === "none"
        ? undefined
        : ({
            ...Operation.fromPartial({ id: "op", createdAt: date(1) }),
            ...operation,
          } as Operation),
    now: after(at),
  };
}

const over = (status: JobStatus): Partial<Job> => ({ status, finishedAt: date(100) });

function done(part: Partial<Operation>): Partial<Operation> {
  return { done: true, modifiedAt: date(100), ...part };
}

function exited(returnCode: number): Partial<Operation> {
  const message = ExecuteProjectJobResponse.fromPartial({ result: { returnCode } });
  const value = Buffer.from(ExecuteProjectJobResponse.encode(message).finish());
  const typeUrl = "type.googleapis.com/yandex.cloud.datasphere.v2.jobs.ExecuteProjectJobResponse";
  return done({ response: { typeUrl, value } });
}

function failed(code: number, message: string): Partial<Operation> {
  return done({ error: { code, message, details: [] } });
}

describe("what a poll makes of a job and its operation", () => {
  it.each<[string, SeenJob, object]>([
    ["a program that runs", seen({}), { state: "running", startedAt: after(10) }],
    [
      "one whose status went back: it has no start, and a run never goes back",
      seen({ job: { status: JobStatus.PREPARING, startedAt: undefined } }),
      { state: "preparing" },
    ],
    [
      "outputs on their way",
      seen({ job: { status: JobStatus.UPLOADING_OUTPUT } }),
      { state: "collecting", startedAt: after(10) },
    ],
    [
      "a job that is over before its operation",
      seen({ job: over(JobStatus.SUCCESS) }),
      { state: "collecting", startedAt: after(10) },
    ],
    [
      "the same, once its operation had time enough",
      seen({ job: over(JobStatus.SUCCESS), at: SETTLED }),
      { state: "ended", result: { ending: "exited", exitCode: 0 } },
    ],
    [
      "an operation that is done before its job",
      seen({ operation: exited(0) }),
      { state: "running", startedAt: after(10) },
    ],
    [
      "the same, once its job had time enough",
      seen({ operation: exited(0), at: SETTLED }),
      { state: "ended", result: { ending: "exited", exitCode: 0 } },
    ],
    [
      "a program that failed, which is no error of the operation",
      seen({ job: over(JobStatus.ERROR), operation: exited(3) }),
      { state: "ended", result: { ending: "exited", exitCode: 3, finishedAt: after(100) } },
    ],
    [
      "a cancellation in DataSphere",
      seen({ job: over(JobStatus.CANCELLED), operation: failed(1, "Canceled by user") }),
      { state: "ended", result: { ending: "cancelled" } },
    ],
    [
      "one that was ours, for its time",
      seen({
        job: over(JobStatus.CANCELLED),
        operation: failed(1, "Canceled by user"),
        stopping: "timedOut",
      }),
      { state: "ended", result: { ending: "timedOut" } },
    ],
    [
      "a lack of machines",
      seen({
        job: { ...over(JobStatus.ERROR), startedAt: undefined },
        operation: failed(8, "No free instance of g1.1"),
      }),
      {
        state: "ended",
        result: { ending: "noCapacity", startedAt: after(100), finishedAt: after(100) },
      },
    ],
    [
      "a limit that stopped it",
      seen({ job: over(JobStatus.ERROR), operation: failed(9, "Unit balance is 0") }),
      { state: "ended", result: { ending: "limited" } },
    ],
    [
      "a failure inside",
      seen({ job: over(JobStatus.ERROR), operation: failed(13, "Unexpected error") }),
      {
        state: "ended",
        result: { ending: "lost", detail: expect.stringContaining("Unexpected") as string },
      },
    ],
    [
      "a done operation without a result, at first",
      seen({ operation: done({}) }),
      { state: "running" },
    ],
    [
      "a done operation without a result, at last",
      seen({ operation: done({}), at: SETTLED }),
      { state: "ended", result: { ending: "lost" } },
    ],
    [
      "an answer that is another message, where the job knows better",
      seen({
        job: over(JobStatus.SUCCESS),
        operation: done({ response: { typeUrl: "type.googleapis.com/a.B", value: Buffer.of(1) } }),
        at: SETTLED,
      }),
      { state: "ended", result: { ending: "exited", exitCode: 0 } },
    ],
    [
      "an operation that is not kept any more",
      seen({ job: over(JobStatus.SUCCESS), operation: "none" }),
      { state: "ended", result: { ending: "exited", exitCode: 0 } },
    ],
    [
      "a failure whose operation is not kept any more",
      seen({ job: over(JobStatus.ERROR), operation: "none" }),
      { state: "ended", result: { ending: "lost" } },
    ],
    [
      "a job that is not there yet",
      seen({ job: "none", operation: "none", at: 5 }),
      { state: "preparing" },
    ],
    [
      "a job that somebody deleted, which may have run all the time",
      seen({ job: "none", operation: {}, at: SETTLED }),
      {
        state: "ended",
        result: { ending: "lost", startedAt: after(1), finishedAt: after(SETTLED) },
      },
    ],
  ])("tells %s", (_what, given, report) => {
    expect(jobReport(given)).toMatchObject(report);
  });

  it("says which instance it was, where DataSphere does, and else that it is not known", () => {
    const ended = { operation: exited(0) };
    const told = jobReport(
      seen({
        ...ended,
        job: { ...over(JobStatus.SUCCESS), actualCloudInstanceType: { name: "c1.8" } },
      }),
    );
    const untold = jobReport(seen({ ...ended, job: over(JobStatus.SUCCESS) }));

    expect(told).toMatchObject({ result: { instanceType: "c1.8" } });
    expect(untold).toMatchObject({ result: { instanceType: "" } });
  });
});
