/** What a run of a schedule is expected to spend and to take. No limit goes by it. */
export interface Estimate {
  readonly units: number;
  /** From the start of its first attempt's program to the end of its last one's. */
  readonly durationMs: number;
  /** Learnt from settled runs, said by its author, or the most that it can come to. */
  readonly source: "history" | "configured" | "bound";
  /** How many settled runs it was learnt from; zero for another source. */
  readonly runs: number;
}
