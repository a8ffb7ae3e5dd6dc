import type { OperationId, ProjectId } from "../ids.ts";
import type { Instant } from "../time/instant.ts";

/** The result a caller polls for: exactly one of error and response, once done. */
type OperationResult =
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly response: OperationPayload };

/** Plain data, printed as the operation's metadata or response. */
export type OperationPayload = Readonly<Record<string, string | number | boolean>>;

/**
 * What a caller polls while an attempt runs: DataSphere's `yandex.cloud.operation.Operation`.
 * A failed program is a response with its return code, not an error; an error means the platform
 * failed or somebody cancelled.
 */
export interface Operation {
  readonly id: OperationId;
  readonly project: ProjectId;
  /** At most 256 characters. */
  readonly description: string;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly modifiedAt: Instant;
  readonly metadata: OperationPayload;
  /** Present once the operation is done, and then for good. */
  readonly result?: OperationResult;
}
