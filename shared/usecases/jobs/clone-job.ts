import type { Job, JobDraft } from "../../core/job/job.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { writeJob } from "../../records/job-record.ts";
import { requireProject } from "../projects/require-project.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall } from "../operations/run-call.ts";
import type { Services } from "../services.ts";
import { freshJobId, newJob, readRates, type PresentJob, type Rates } from "./create-job.ts";
import { findJob, requireData } from "./find-job.ts";

interface JobCloning {
  readonly source: string;
  /** The checked clone; throws `ARGUMENT_INVALID` with every wrong field. */
  readonly draft: (source: Job, rates: Rates) => JobDraft;
  readonly present: PresentJob;
}

/**
 * Creates a job from another one of the same project, whatever that one's status is. What it does
 * not override it shares, the uploaded files too, so the source must still have its data.
 */
export async function cloneJob(
  services: Services,
  request: CallerRequest,
  cloning: JobCloning,
): Promise<Operation> {
  const id = freshJobId(services.random);
  return await runCall(services, request, "clone-job", async (tx, now) => {
    const { job: source } = await findJob(tx, cloning.source);
    const { project, id: parent } = source;
    await requireProject(tx, project);
    requireData(source);
    const draft = cloning.draft(source, await readRates(tx));
    const made = { id, project, parent, createdAt: now, createdBy: askedBy(request) };
    const job = newJob(draft, made);
    writeJob(tx, undefined, job);
    return { owner: project, description: "Clone job", ...cloning.present(job) };
  });
}
