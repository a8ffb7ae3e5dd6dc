import type { ExecutionId, ProjectId, RunId } from "../ids.ts";
import type { Instant } from "../time/instant.ts";
import type { NotebookDefinition, NotebookResult } from "./notebook-definition.ts";

/** A notebook execution asked for through the API. Its result is its checkpoint. */
export interface NotebookExecution {
  readonly id: ExecutionId;
  readonly project: ProjectId;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** Of the API that was asked: the two tell of the same in messages of their own. */
  readonly apiVersion: "v1" | "v2";
  /** What the caller named, as written. */
  readonly notebookId?: string;
  readonly cellId?: string;
  readonly definition: NotebookDefinition;
  readonly run: RunId;
  readonly finishedAt?: Instant;
  /** Absent until it ended, and where nothing of it ran. */
  readonly result?: NotebookResult;
}
