import type { ExecutionResult } from "../core/execution/execution-result.ts";
import type { Job, JobEnd } from "../core/job/job.ts";
import type { NotebookExecution } from "../core/notebook/notebook-execution.ts";
import type { Run } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readExecution, writeExecution } from "../records/execution-record.ts";
import { readJob, writeJob, type JobRecord } from "../records/job-record.ts";

/** The job or the notebook execution behind a run; nothing where a schedule made the run. */
export type AdHocWork =
  | { readonly kind: "job"; readonly record: JobRecord }
  | { readonly kind: "notebook"; readonly execution: NotebookExecution };

export async function readAdHocWork(reader: Reader, run: Run): Promise<AdHocWork | undefined> {
  if (run.cause.kind === "job") {
    const record = await readJob(reader, run.cause.job);
    return record && { kind: "job", record };
  }
  const execution = await readExecution(reader, run);
  return execution && { kind: "notebook", execution };
}

/** Records how a final run ended where its caller looks: at the job, or at the checkpoint. */
export function writeWorkEnd(
  tx: Transaction,
  work: AdHocWork,
  run: Run,
  ended: { readonly result: ExecutionResult | undefined; readonly now: Instant },
): void {
  const finishedAt = run.finishedAt ?? ended.now;
  switch (work.kind) {
    case "job": {
      const { job } = work.record;
      writeJob(tx, work.record, { ...job, end: endOf(job, run, { ...ended, finishedAt }) });
      return;
    }
    case "notebook": {
      const result = ended.result?.notebook;
      writeExecution(tx, {
        ...work.execution,
        finishedAt,
        ...(result === undefined ? {} : { result }),
      });
    }
  }
}

function endOf(
  job: Job,
  run: Run,
  ended: { readonly result: ExecutionResult | undefined; readonly finishedAt: Instant },
): JobEnd {
  const { result, finishedAt } = ended;
  const attempt = run.attempts.at(-1);
  return {
    status: statusOf(run),
    details: detailsOf(run),
    ...(attempt?.startedAt === undefined ? {} : { startedAt: attempt.startedAt }),
    finishedAt,
    ...(result?.exitCode === undefined ? {} : { returnCode: result.exitCode }),
    instanceType: result?.instanceType ?? attempt?.instanceType ?? job.definition.instanceTypes[0],
    outputs: result?.outputs ?? [],
    outputErrors: result?.outputErrors ?? [],
    logs: result?.logs ?? [],
  };
}

/** A cancelled job ended for its canceller's reason, in the canceller's words if there were any. */
function detailsOf(run: Run): string {
  const given = run.state === "cancelled" ? run.cancelText : undefined;
  return given ?? run.reason?.text ?? "";
}

function statusOf(run: Run): JobEnd["status"] {
  switch (run.state) {
    case "succeeded":
      return "SUCCESS";
    case "cancelled":
      return "CANCELLED";
    default:
      return "ERROR";
  }
}
