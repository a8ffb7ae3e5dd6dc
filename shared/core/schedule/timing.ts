import type { DaySet } from "../calendar/day-set.ts";
import type { Instant } from "../time/instant.ts";

/** What a local time that a zone skips, or has twice, means. */
export interface DstPolicy {
  /** A time inside a gap: leave it out, or move it to the first valid instant after the gap. */
  readonly gap: "skip" | "shift";
  /** A time that occurs twice: take the first, the second, or both. */
  readonly overlap: "first" | "second" | "both";
}

/** Which days an element of `when` counts on, and what becomes of an occurrence on another day. */
export interface DayRule {
  /** Where the timing's `calendars` have the days. */
  readonly calendar: number;
  /** It moves to the calendar's next or previous day, at the same time; absent: it is left out. */
  readonly roll?: "next" | "previous";
}

/** One element of `when`. A zone is an IANA name; local times are `YYYY-MM-DDTHH:MM[:SS]`. */
export type WhenSpec =
  | {
      readonly kind: "cron";
      readonly expression: string;
      readonly timezone: string;
      readonly dst?: Partial<DstPolicy>;
      /** The day that counts is the one that the pattern means, in the zone. */
      readonly days?: DayRule;
    }
  | {
      readonly kind: "every";
      readonly everyMs: number;
      readonly offsetMs: number;
      /** The instant the rhythm counts from; the epoch when left out. */
      readonly anchorAt?: Instant;
      /** Days in `timezone`; the two are there together or not at all. */
      readonly days?: Omit<DayRule, "roll">;
      readonly timezone?: string;
    }
  | {
      readonly kind: "at";
      /** A local time in `timezone`, or an instant with `Z` or an offset. */
      readonly at: string;
      readonly timezone: string;
      readonly dst?: Partial<DstPolicy>;
    };

/** When a schedule fires: every instant that any of its elements names, once. */
export interface TimingSpec {
  readonly when: readonly WhenSpec[];
  /** Zone of `from` and `until` where they are local. */
  readonly timezone: string;
  /** Inclusive. A bare date means its local midnight. */
  readonly from?: string;
  /** Inclusive. A bare date means through that local day. */
  readonly until?: string;
  /** The sets of days that its elements name. */
  readonly calendars?: readonly DaySet[];
  /** It ends after so many occurrences, counted from when it became live. */
  readonly times?: number;
  /** The last of those, once it is live; absent before. */
  readonly lastAt?: Instant;
}
