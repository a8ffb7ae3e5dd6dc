/** What is wrong with something a person wrote: where, what stands there, and what would be right. */
export interface Problem {
  /** Keys and indexes from the root of the document, such as `["schedules", "nightly", "when"]`. */
  readonly path: readonly (string | number)[];
  /** What stands there, as the person wrote it, shortened. */
  readonly found: string;
  /** What would be right, as a phrase that completes "expected …". */
  readonly expected: string;
}

/** A value, or every problem that kept it from being one. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function unparsed(...problems: readonly Problem[]): Parsed<never> {
  return { ok: false, problems };
}
