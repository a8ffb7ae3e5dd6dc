import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../../../shared/core/errors.ts";
import type { AttemptId } from "../../../shared/core/ids.ts";
import type {
  NotebookDefinition,
  NotebookResult,
} from "../../../shared/core/notebook/notebook-definition.ts";
import { notebookPython } from "../../../shared/adapters/process/notebook-python.ts";
import type { ExecutionResult, StartRequest } from "../../../shared/ports/executor.ts";
import { freshAttempt, resultOf } from "../../contract/executor.ts";
import { PROJECT, processEngine, processWorld, type ProcessWorld } from "./process-world.ts";

/** Why notebooks cannot be executed on this machine; undefined where they can. */
export const noKernel: string | undefined = await notebookPython(processEngine("/")).then(
  () => undefined,
  (error: unknown) => messageOf(error),
);
if (noKernel !== undefined) process.stderr.write(`Notebook tests are skipped: ${noKernel}\n`);

/** What an execution left, and its logs. */
interface NotebookRun {
  readonly attempt: AttemptId;
  readonly result: ExecutionResult;
  readonly notebook: NotebookResult;
  readonly stdout: string;
  readonly stderr: string;
  readonly system: string;
}

/** A project's storage with notebooks in it, and an executor. */
export interface NotebookWorld extends ProcessWorld {
  readonly storage: string;
  /** Writes a notebook whose cells are `c1`, `c2` … */
  notebook(path: string, ...sources: readonly string[]): Promise<void>;
  asks(work: Partial<NotebookDefinition>, part?: Partial<StartRequest>): StartRequest;
  /** Starts it, and answers with what it left. */
  execute(work: Partial<NotebookDefinition>, part?: Partial<StartRequest>): Promise<NotebookRun>;
  ended(attempt: AttemptId): Promise<NotebookRun>;
}

export async function notebookWorld(): Promise<NotebookWorld> {
  const world = await processWorld();
  const storage = processEngine(world.directory).storage(PROJECT);
  await mkdir(storage, { recursive: true });

  function asks(work: Partial<NotebookDefinition>, part: Partial<StartRequest> = {}): StartRequest {
    const request = world.request({}, { attempt: freshAttempt(), ...part });
    return { ...request, work: aNotebook(work) };
  }

  async function ended(attempt: AttemptId): Promise<NotebookRun> {
    const result = await resultOf(world.executor, attempt);
    if (result.notebook === undefined) throw new Error("A notebook's execution has a result.");
    return {
      attempt,
      result,
      notebook: result.notebook,
      stdout: await world.log(attempt),
      stderr: await world.log(attempt, "stderr"),
      system: await world.log(attempt, "system"),
    };
  }

  return {
    ...world,
    storage,
    async notebook(path, ...sources) {
      const file = join(storage, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, notebookFile(sources));
    },
    asks,
    async execute(work, part) {
      const request = asks(work, part);
      await world.executor.start(request);
      return await ended(request.attempt);
    },
    ended,
  };
}

/** The whole of `a.ipynb`. */
export function aNotebook(fields: Partial<NotebookDefinition> = {}): NotebookDefinition {
  return {
    kind: "notebook",
    target: { kind: "notebook", path: "a.ipynb" },
    variables: {},
    outputVariables: [],
    instanceTypes: ["c1.4"],
    ...fields,
  };
}

/** The text of a notebook file; a source that begins with `#` and a space is a text cell. */
export function notebookFile(sources: readonly string[]): string {
  const cells = sources.map((source, index) => {
    const cell = { id: `c${index + 1}`, metadata: {}, source };
    return source.startsWith("# ")
      ? { ...cell, cell_type: "markdown" }
      : { ...cell, cell_type: "code", outputs: [], execution_count: null };
  });
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
}
