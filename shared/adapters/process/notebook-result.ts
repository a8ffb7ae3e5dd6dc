import * as z from "zod";
import type { Json } from "../../core/json.ts";
import type { NotebookResult } from "../../core/notebook/notebook-definition.ts";
import type { ExecutionResult } from "../../ports/executor.ts";
import { readIfPresent } from "./attempt-place.ts";

/** The driver runs with the rights of the notebook, so what it left is looked at before it is used. */
const schema = z.object({
  status: z.enum(["OK", "ERROR", "ABORTED"]),
  cells: z.array(z.object({ id: z.string(), outputs: z.array(z.string()) })),
  variables: z.record(z.string(), z.json()),
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

/** What the driver left; where it could leave nothing, the end of its process says why. */
export async function readNotebookResult(
  file: string,
  path: string,
  end: Pick<ExecutionResult, "ending" | "exitCode">,
): Promise<NotebookResult> {
  const left = parse(await readIfPresent(file));
  if (left === undefined) {
    return { path, status: "ABORTED", cells: [], variables: {}, error: whyNothing(end) };
  }
  const { status, cells, error } = left;
  const variables = left.variables as Readonly<Record<string, Json>>;
  return { path, status, cells, variables, ...(error === undefined ? {} : { error }) };
}

function parse(text: string | undefined): z.output<typeof schema> | undefined {
  try {
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function whyNothing(
  end: Pick<ExecutionResult, "ending" | "exitCode">,
): NonNullable<NotebookResult["error"]> {
  switch (end.ending) {
    case "cancelled":
    case "timedOut":
      return { name: "Killed", message: "It was killed before it could leave a result." };
    case "lost":
    // These two are endings elsewhere: no process of this machine has them.
    case "noCapacity":
    case "limited":
      return { name: "Lost", message: "Its process vanished and left no result." };
    case "exited": {
      const message = `Its driver ended with code ${end.exitCode ?? "unknown"} and left no result; the log stderr may say why.`;
      return { name: "DriverFailed", message };
    }
  }
}
