import type { Subject } from "../access/access.ts";
import type { AnyJson } from "../json.ts";
import type { OperationId, OperationOwner, RunId } from "../ids.ts";
import type { Instant } from "../time/instant.ts";

/** The result a caller polls for: exactly one of error and response, once done. */
type OperationResult =
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly response: AnyJson };

/** One attempt of a run: metadata and response are what has become of it. */
interface AttemptSubject {
  readonly kind: "attempt";
  readonly run: RunId;
  readonly number: number;
}

/** A call that changed something: it is done at once, unless work is left. */
interface CallSubject {
  readonly kind: "call";
  readonly work?: OperationWork;
}

/** What a call left to do, and how far it is. Every step is one transaction, repeatable. */
export type OperationWork =
  | {
      readonly kind: "open";
      /** The place in `OPEN_STATUSES` of what goes on now. */
      readonly step: number;
      /** Whose session it becomes. */
      readonly subject: Subject;
      readonly projectUrl: string;
    }
  | { readonly kind: "deleteProject" }
  | { readonly kind: "clearJob"; readonly job: string; readonly thenDelete: boolean }
  | { readonly kind: "clearProject"; readonly after?: string };

/**
 * What a caller polls: DataSphere's `yandex.cloud.operation.Operation`. For an attempt, a failed
 * program is a response with its return code, not an error; an error means the platform failed or
 * somebody cancelled.
 */
export interface Operation {
  readonly id: OperationId;
  readonly owner: OperationOwner;
  /** At most 256 characters. */
  readonly description: string;
  readonly createdAt: Instant;
  /** The caller's subject id; `orrery` for what a schedule started. */
  readonly createdBy: string;
  readonly modifiedAt: Instant;
  /** What it follows. */
  readonly subject: AttemptSubject | CallSubject;
  /** Absent where the method's operations have none. */
  readonly metadata?: AnyJson;
  /** Present once the operation is done, and then for good. */
  readonly result?: OperationResult;
}

/** The operation of a call: what a store keeps. That of an attempt is told from its run. */
export interface CallOperation extends Operation {
  readonly subject: CallSubject;
}
