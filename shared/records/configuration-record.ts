import type { ScheduleName } from "../core/ids.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { metaTable } from "./tables.ts";

/** The live configuration's own facts; its schedules and accounts have rows of their own. */
export interface LiveConfiguration {
  /** SHA-256 of the applied configuration, to see whether another one differs. */
  readonly digest: string;
  readonly appliedAt: Instant;
  readonly rates: Readonly<Record<string, number>>;
  readonly subscriptions: readonly Subscription[];
  /** Schedules that others come after; absent where they are more than `limits.followedListed`. */
  readonly followed?: readonly ScheduleName[];
}

const NAME = "configuration";

export async function readConfiguration(reader: Reader): Promise<LiveConfiguration | undefined> {
  const row = await reader.get(metaTable, { name: NAME });
  return row && fromBody<LiveConfiguration>(row.body);
}

export function writeConfiguration(tx: Transaction, configuration: LiveConfiguration): void {
  tx.put(metaTable, { name: NAME, body: toBody(configuration) });
}

const READING = "configuration_reading";

/** The last reading of a configuration that came to an end. */
export interface ReadingMark {
  /** Names it: no two readings have the same. */
  readonly id: string;
  /** Whether what was read is live since then, or is not because something is wrong with it. */
  readonly outcome: "applied" | "rejected";
}

/** Undefined where no reading came to an end. */
export async function readReadingMark(reader: Reader): Promise<ReadingMark | undefined> {
  const row = await reader.get(metaTable, { name: READING });
  return row && fromBody<ReadingMark>(row.body);
}

export function writeReadingMark(tx: Transaction, mark: ReadingMark): void {
  tx.put(metaTable, { name: READING, body: toBody(mark) });
}
