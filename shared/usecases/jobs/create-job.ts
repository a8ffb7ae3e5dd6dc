import { jobId, type JobId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Job, JobDraft } from "../../core/job/job.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Random } from "../../ports/random.ts";
import type { Reader } from "../../ports/store.ts";
import { readConfiguration } from "../../records/configuration-record.ts";
import { writeJob } from "../../records/job-record.ts";
import { requireProject } from "../projects/require-project.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall } from "../operations/run-call.ts";
import type { Services } from "../services.ts";

/** What a draft is checked against: what a second costs on the instance types with a price of their own. */
export type Rates = Readonly<Record<string, number>>;

/** How the operation of a call tells of the job it made. */
export type PresentJob = (job: Job) => { readonly metadata: AnyJson; readonly response: AnyJson };

interface JobCreation {
  readonly project: string;
  /** The checked job; throws `ARGUMENT_INVALID` with every wrong field. */
  readonly draft: (rates: Rates) => JobDraft;
  readonly present: PresentJob;
}

/**
 * Creates a job. It runs nothing and needs no file yet: what the project lacks is uploaded between
 * this and the execution.
 */
export async function createJob(
  services: Services,
  request: CallerRequest,
  creation: JobCreation,
): Promise<Operation> {
  const id = freshJobId(services.random);
  return await runCall(services, request, "create-job", async (tx, now) => {
    const project = await requireProject(tx, creation.project);
    const draft = creation.draft(await readRates(tx));
    const made = { id, project: project.id, createdAt: now, createdBy: askedBy(request) };
    const job = newJob(draft, made);
    writeJob(tx, undefined, job);
    return { owner: project.id, description: "Create job", ...creation.present(job) };
  });
}

export function newJob(
  draft: JobDraft,
  made: Pick<Job, "id" | "project" | "createdBy" | "parent"> & { readonly createdAt: Instant },
): Job {
  return { ...draft, ...made, dataCleared: false };
}

/** Ids look as DataSphere's: 20 letters and digits that begin with `bt1`. */
export function freshJobId(random: Random): JobId {
  return jobId(`bt1${random.id().slice(3)}`);
}

export async function readRates(reader: Reader): Promise<Rates> {
  return (await readConfiguration(reader))?.rates ?? {};
}
