import type { Clock } from "../../ports/clock.ts";

/** What every part of the executor works with. */
export interface ProcessEngine {
  /** Absolute; everything the executor keeps is below it. */
  readonly directory: string;
  readonly clock: Clock;
  /** The platform's own environment; a job sees only the few harmless variables of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
