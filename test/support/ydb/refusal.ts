import type { StatusIds_StatusCode as Code } from "@ydbjs/api/operation";

export type StatusName = keyof typeof Code;

/** How the server says no to a call: a status of its own, inside an answer. */
export class Refusal extends Error {
  readonly status: StatusName;
  readonly issueCode: number;

  constructor(status: StatusName, message: string, issueCode = 0) {
    super(message);
    this.status = status;
    this.issueCode = issueCode;
  }
}

/** How a connection says no: a gRPC status instead of an answer. */
export class GrpcRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A connection that ended instead of answering. */
export class ConnectionDropped extends Error {}

/** The answer to a text outside the statement shapes, and to values that do not fit it. */
export function badRequest(message: string): Refusal {
  return new Refusal("BAD_REQUEST", message);
}

/** The answer to names that the schema does not know. */
export function schemeError(message: string): Refusal {
  return new Refusal("SCHEME_ERROR", message);
}
