/** What one look at a part of an installation came to. */
export interface Finding {
  /** The check's stable name, such as `store`; docs/troubleshooting.md lists them. */
  readonly check: string;
  /** `warning`: it works, and somebody should know. */
  readonly status: "ok" | "warning" | "failed";
  /** What was found, with the numbers. */
  readonly text: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly remedy?: string;
}
