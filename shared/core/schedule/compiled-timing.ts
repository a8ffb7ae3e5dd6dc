import type { CompiledDays } from "../calendar/compiled-days.ts";
import type { Instant } from "../time/instant.ts";
import type { ZoneClock } from "../time/zone.ts";
import type { CronPattern } from "./cron-pattern.ts";
import type { DstPolicy } from "./timing.ts";

/** The days that a pattern counts on. */
export interface CompiledRule {
  readonly days: CompiledDays;
  readonly roll?: "next" | "previous";
  /** No occurrence comes behind this day; `Infinity` where they go on for good. */
  readonly lastDay: number;
}

/** One element of `when`, ready to be asked for its next occurrence. */
export type Source =
  | {
      readonly kind: "cron";
      readonly pattern: CronPattern;
      readonly zone: ZoneClock;
      /** What the schedule says, over what the pattern's rhythm stands for. */
      readonly dst: DstPolicy;
      readonly rule?: CompiledRule;
    }
  /** `firstAt`, and then every `everyMs` for good. */
  | {
      readonly kind: "every";
      readonly firstAt: number;
      readonly everyMs: number;
      /** Only on these days of the zone. */
      readonly on?: { readonly days: CompiledDays; readonly zone: ZoneClock };
    }
  /** Ascending; two where a repeated local time was asked for both times. */
  | { readonly kind: "at"; readonly instants: readonly Instant[] };

/** A timing that was checked and prepared by `compileTiming`; it holds no clock and no cursor. */
export interface CompiledTiming {
  readonly sources: readonly Source[];
  /** Inclusive, both. */
  readonly fromAt?: Instant;
  readonly untilAt?: Instant;
}
