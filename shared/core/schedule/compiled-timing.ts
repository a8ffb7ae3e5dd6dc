import type { Instant } from "../time/instant.ts";
import type { Zone } from "../time/zone.ts";
import type { CronPattern } from "./cron-pattern.ts";
import type { DstPolicy } from "./timing.ts";

/** One element of `when`, ready to be asked for its next occurrence. */
export type Source =
  | {
      readonly kind: "cron";
      readonly pattern: CronPattern;
      readonly zone: Zone;
      /** What the schedule says, over what the pattern's rhythm stands for. */
      readonly dst: DstPolicy;
    }
  /** `firstAt`, and then every `everyMs` for good. */
  | { readonly kind: "every"; readonly firstAt: number; readonly everyMs: number }
  /** Ascending; two where a repeated local time was asked for both times. */
  | { readonly kind: "at"; readonly instants: readonly Instant[] };

/** A timing that was checked and prepared by `compileTiming`; it holds no clock and no cursor. */
export interface CompiledTiming {
  readonly sources: readonly Source[];
  /** Inclusive, both. */
  readonly fromAt?: Instant;
  readonly untilAt?: Instant;
}
