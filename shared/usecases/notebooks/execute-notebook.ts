import { OrreryError, type WrongField, wrongFields } from "../../core/errors.ts";
import { assert } from "../../core/assert.ts";
import { executionId, type ProjectId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { wrongVariables } from "../../core/notebook/input-variables.ts";
import type {
  NotebookDefinition,
  NotebookTarget,
} from "../../core/notebook/notebook-definition.ts";
import type { NotebookExecution } from "../../core/notebook/notebook-execution.ts";
import { storagePath } from "../../core/project/storage-path.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Project } from "../../core/project/project.ts";
import { HOUR_MS } from "../../core/time/duration.ts";
import { rateOf } from "../../core/units/rates.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { readConfiguration } from "../../records/configuration-record.ts";
import { writeExecution } from "../../records/execution-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import { earlierOperation, remember } from "../operations/run-call.ts";
import { requireProject } from "../projects/require-project.ts";
import { followProvider } from "../provider/follow-provider.ts";
import type { Seen } from "../admission-facts.ts";
import type { Services } from "../services.ts";
import { adHocRun, startAdHoc, type AdHocRequest } from "../start-ad-hoc.ts";

/** What a caller wants executed. */
export interface NotebookRequest extends CallerRequest {
  readonly apiVersion: NotebookExecution["apiVersion"];
  readonly project: string;
  /** As written: one of the two. */
  readonly notebookId?: string;
  readonly cellId?: string;
  readonly inputVariables: Readonly<Record<string, Json>>;
  readonly outputVariables: readonly string[];
  /** An instance type; empty for the project's own. */
  readonly spec: string;
  readonly sparkConnector: string;
}

/**
 * Executes a notebook or one of its cells, now or not at all, and answers with the operation to
 * poll. What cannot start leaves nothing behind. A repeat under the same Idempotency-Key gets the
 * first one's operation.
 */
export async function executeNotebook(
  services: Services,
  request: NotebookRequest,
): Promise<Operation> {
  const now = services.clock.now();
  const asked = checked(request);
  const seen = await services.store.snapshot(async (reader) => {
    const earlier = await earlierOperation(reader, request.once, now);
    return earlier ?? (await definitionOf(reader, request, asked));
  });
  if ("owner" in seen) return seen;
  await requireSupport(services, seen);
  const unanswered = await followProvider(services, seen.project);

  const id = executionId(services.random.id());
  const traceParent = services.telemetry.here();
  const { operation, nudges } = await services.store.transact("execute-notebook", async (tx) => {
    const earlier = await earlierOperation(tx, request.once, now);
    if (earlier !== undefined) return { operation: earlier, nudges: [] };
    // Read again: what the project says may have changed since then.
    const { project, definition } = await definitionOf(tx, request, asked);
    const made = { id, project, definition, now, unanswered, traceParent };
    return await start(tx, request, made);
  });
  await sendNudges(services, nudges, now);
  return operation;
}

/** What the request says by itself. */
function checked(request: NotebookRequest): NotebookTarget {
  const { outputVariables, sparkConnector } = request;
  const variables = wrongVariables(request.inputVariables);
  if (variables !== undefined) throw wrong(variables);
  const most = limits.notebookOutputVariables;
  const field = "output_variable_names";
  if (outputVariables.length > most) {
    const description = `At most ${most} names, got ${outputVariables.length}`;
    throw wrong({ field, description });
  }
  const long = outputVariables.findIndex((name) => name.length > limits.notebookVariableChars);
  if (long !== -1) {
    const description = `A name has at most ${limits.notebookVariableChars} characters`;
    throw wrong({ field: `${field}[${long}]`, description });
  }
  if (sparkConnector !== "") {
    throw new OrreryError(
      "EXECUTION_UNSUPPORTED",
      `Notebooks run without Spark here, and ${sparkConnector} is a connector of DataSphere's own: ` +
        "leave spark_connector_id empty",
    );
  }
  return targetOf(request);
}

function targetOf({ notebookId, cellId }: NotebookRequest): NotebookTarget {
  if (notebookId === undefined) {
    if (cellId === undefined || cellId === "") {
      throw wrong({ field: "cell_id", description: "The id of a cell is needed" });
    }
    return { kind: "cell", cell: cellId };
  }
  const path = storagePath(notebookId);
  if (path !== undefined) return { kind: "notebook", path };
  const description =
    "A path inside the project's storage is needed, such as report.ipynb or " +
    "/home/jupyter/datasphere/project/report.ipynb";
  throw wrong({ field: "notebook_id", description });
}

interface Defined {
  readonly project: ProjectId;
  readonly definition: NotebookDefinition;
}

async function definitionOf(
  reader: Reader,
  request: NotebookRequest,
  target: NotebookTarget,
): Promise<Defined> {
  const project = await requireProject(reader, request.project);
  const staleAfterMs = staleAfter(project);
  const definition: NotebookDefinition = {
    kind: "notebook",
    target,
    variables: request.inputVariables,
    outputVariables: request.outputVariables,
    ...(staleAfterMs === undefined ? {} : { staleAfterMs }),
    instanceTypes: [await instanceType(reader, project, request.spec)],
  };
  return { project: project.id, definition };
}

const STALE: Readonly<Record<string, number>> = { ONE_HOUR: HOUR_MS, THREE_HOURS: 3 * HOUR_MS };

/** Undefined where the project says `NO_TIMEOUT` or nothing. */
function staleAfter({ settings }: Project): number | undefined {
  const { staleExecTimeoutMode: mode } = settings;
  return typeof mode === "string" ? STALE[mode] : undefined;
}

/** What DataSphere takes where neither the request nor the project names an instance type. */
const USUAL_TYPE = "c1.4";

async function instanceType(reader: Reader, project: Project, spec: string): Promise<string> {
  const { defaultDedicatedSpec } = project.settings;
  const own = typeof defaultDedicatedSpec === "string" ? defaultDedicatedSpec : "";
  const type = spec || own || USUAL_TYPE;
  const rates = (await readConfiguration(reader))?.rates ?? {};
  if (rateOf(type, rates) === undefined) {
    const description = `There is no instance type ${JSON.stringify(type)}; ${USUAL_TYPE} is one`;
    throw wrong({ field: "spec", description });
  }
  return type;
}

async function requireSupport(
  { executor, files, provider }: Pick<Services, "executor" | "files" | "provider">,
  { project, definition }: Defined,
): Promise<void> {
  const refusal = await executor.check(project, definition);
  const { target } = definition;
  // The storage of a provider's project is there, and the executor says what it lacks.
  const isHere = target.kind === "notebook" && provider === undefined;
  if (isHere && (await files.stat(project, target.path)) === undefined) {
    throw new OrreryError(
      "FILE_NOT_FOUND",
      refusal?.reason ??
        `There is no notebook "${target.path}" in the storage of project ${project}: put it there`,
    );
  }
  if (refusal !== undefined) throw new OrreryError("EXECUTION_UNSUPPORTED", refusal.reason);
}

async function start(
  tx: Transaction,
  request: NotebookRequest,
  made: Pick<NotebookExecution, "id" | "project" | "definition"> &
    Pick<AdHocRequest, "traceParent"> &
    Pick<Seen, "now" | "unanswered">,
): Promise<{ readonly operation: Operation; readonly nudges: readonly Nudge[] }> {
  const { id, project, definition, now, unanswered, traceParent } = made;
  const { notebookId, cellId, apiVersion } = request;
  const createdBy = askedBy(request);
  const cause = { kind: "notebook", execution: id } as const;
  const run = adHocRun({ project, cause, createdBy, traceParent }, now);
  writeExecution(tx, {
    id,
    project,
    createdAt: run.nominalAt,
    createdBy,
    apiVersion,
    ...(notebookId === undefined ? {} : { notebookId }),
    ...(cellId === undefined ? {} : { cellId }),
    definition,
    run: run.id,
  });
  const started = await startAdHoc(tx, run, { now, unanswered });
  remember(tx, request.once, started.operation, now);
  const operation = await readOperation(tx, started.operation);
  assert(operation !== undefined, "an admitted attempt has an operation");
  return { operation, nudges: started.nudges };
}

function wrong(field: WrongField): OrreryError {
  return wrongFields([field]);
}
