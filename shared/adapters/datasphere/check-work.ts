import type { ProjectId } from "../../core/ids.ts";
import type { JobDefinition, JobFile } from "../../core/job/job-definition.ts";
import {
  lengthProblems,
  pathProblems,
  repeatProblems,
  variableProblems,
} from "../../core/job/job-rules.ts";
import { limits } from "../../core/limits.ts";
import type { NotebookDefinition } from "../../core/notebook/notebook-definition.ts";
import type { Work } from "../../core/work.ts";
import { refuse, type DataSphereEngine } from "./engine.ts";
import { planFiles, requirementsOf } from "./plan-files.ts";

/**
 * Fails with the reason where DataSphere cannot honour the work. Sends nothing there. What the command
 * names is looked at with the run's own variables, when it is started.
 */
export async function checkWork(
  engine: Pick<DataSphereEngine, "jobFiles" | "files">,
  project: ProjectId,
  work: Work,
): Promise<void> {
  if (work.kind === "notebook") {
    checkNotebook(work);
    return;
  }
  checkLists(work);
  await planFiles(engine, { project, job: work });
  await requirementsOf(engine, work);
}

/** What the official client refuses before it sends anything. */
function checkLists(job: JobDefinition): void {
  const named = (list: readonly JobFile[], at: string) =>
    list.map((value, index) => ({ at: `${at}[${index}]`, value }));
  const files = [...named(job.inputs, "inputs"), ...named(job.outputs, "outputs")];
  const mounts = [...named(job.s3Mounts, "s3-mounts"), ...named(job.datasets, "datasets")];
  const variables = [
    ...[...files, ...mounts].flatMap(({ at, value }) =>
      value.variable === undefined ? [] : [{ at, value: value.variable }],
    ),
    ...Object.keys(job.arguments).map((name) => ({ at: `args.${name}`, value: name })),
    ...job.outputDatasets.map(({ variable }, index) => ({
      at: `output-datasets[${index}]`,
      value: variable,
    })),
  ];
  const paths = (list: readonly JobFile[], at: string) =>
    repeatProblems(list.map(({ path }, index) => ({ at: `${at}[${index}]`, value: path })));
  const wrong = [
    ...files.flatMap(pathProblems),
    ...variableProblems(variables),
    ...paths(job.inputs, "inputs"),
    ...paths(job.outputs, "outputs"),
    ...Object.entries({
      inputs: job.inputs,
      outputs: job.outputs,
      "s3-mounts": job.s3Mounts,
      datasets: job.datasets,
      args: Object.keys(job.arguments),
      "output-datasets": job.outputDatasets,
    }).flatMap(([at, { length }]) => lengthProblems({ at, value: length })),
  ];
  const [first] = wrong;
  if (first !== undefined) refuse(`The job's ${first.field} ${first.description}.`);
}

function checkNotebook({ target, outputVariables }: NotebookDefinition): void {
  const name = target.kind === "cell" ? target.cell : target.path;
  if (name.length > limits.datasphereNotebookChars) {
    refuse(`The name of a notebook has at most ${limits.datasphereNotebookChars} characters.`);
  }
  if (outputVariables.length > limits.notebookOutputVariables) {
    refuse(`A notebook has at most ${limits.notebookOutputVariables} output variables.`);
  }
}
