import type { Json } from "../json.ts";
import type { GracefulShutdown } from "../job/job-definition.ts";

/** What of a project's notebooks is executed. */
export type NotebookTarget =
  /** A path inside the project's storage, such as `reports/daily.ipynb`. */
  | { readonly kind: "notebook"; readonly path: string }
  /** One cell, by the id that the notebook file gives it; it starts from the notebook's last state. */
  | { readonly kind: "cell"; readonly cell: string };

/**
 * One notebook execution: all cells in a fresh kernel, or one cell on top of the state that the
 * notebook's last execution left. Source: DataSphere, "Running notebooks through the API".
 */
export interface NotebookDefinition {
  readonly kind: "notebook";
  readonly target: NotebookTarget;
  /** Become environment variables; what is not text is written as JSON. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Variables that the caller wants to read afterwards; one that is missing then is an error. */
  readonly outputVariables: readonly string[];
  /** Stopped after this long with next to no CPU used; absent means never. */
  readonly staleAfterMs?: number;
  /** Tried in this order; never empty. */
  readonly instanceTypes: readonly [string, ...string[]];
  readonly gracefulShutdown?: GracefulShutdown;
}

/** What a notebook execution left: the content of its checkpoint. */
export interface NotebookResult {
  /** The notebook's path inside the project's storage. */
  readonly path: string;
  /** `ABORTED`: it was stopped before its end, by somebody, by a limit, or because it was stale. */
  readonly status: "OK" | "ERROR" | "ABORTED";
  /** The executed cells in order, each output as text; large ones are cut with a note. */
  readonly cells: readonly { readonly id: string; readonly outputs: readonly string[] }[];
  /** What the kernel's variables held at the end, as far as JSON can say it, within a bound. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Why it did not end well, in the kernel's words. */
  readonly error?: { readonly name: string; readonly message: string };
}
