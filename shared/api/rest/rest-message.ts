/** An HTTP request, whoever received it. */
export interface RestRequest {
  /** In capitals. */
  readonly method: string;
  /** As it was sent: percent-encoded, without the query. */
  readonly path: string;
  /** Decoded, in their order; a name may repeat. */
  readonly query: readonly (readonly [string, string])[];
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Names the request in logs and answers, unless the client named it with `x-client-request-id`. */
  readonly requestId: string;
}

/** What to answer. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
