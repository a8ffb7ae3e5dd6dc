import type { Any } from "@bufbuild/protobuf/wkt";

/** A call that failed, as every face tells it: `google.rpc.Status`. */
export class ApiError extends Error {
  /** A number of `google.rpc.Code`. */
  readonly code: number;
  readonly details: readonly Any[];

  /** `cause` is for who is in the same process; no face shows it. */
  constructor(
    code: number,
    message: string,
    details: readonly Any[] = [],
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
    this.details = details;
  }
}
