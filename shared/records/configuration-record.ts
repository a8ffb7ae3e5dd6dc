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
}

const NAME = "configuration";

export async function readConfiguration(reader: Reader): Promise<LiveConfiguration | undefined> {
  const row = await reader.get(metaTable, { name: NAME });
  return row && fromBody<LiveConfiguration>(row.body);
}

export function writeConfiguration(tx: Transaction, configuration: LiveConfiguration): void {
  tx.put(metaTable, { name: NAME, body: toBody(configuration) });
}
