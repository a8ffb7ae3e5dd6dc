import type { RecordedZones } from "../core/schedule/moved-fire.ts";
import type { Span } from "../core/time/zone-changes.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { metaTable } from "./tables.ts";

const NAME = "time_zones";

/** By which time zone data the live configuration was applied. */
export interface TimeZoneRecord extends Span {
  /** Such as `2026c`. */
  readonly version: string;
  /** What the zones that schedules name do in the span. */
  readonly zones: RecordedZones;
}

/** Undefined where no schedule of a configuration ever named a zone. */
export async function readTimeZones(reader: Reader): Promise<TimeZoneRecord | undefined> {
  const row = await reader.get(metaTable, { name: NAME });
  return row && fromBody<TimeZoneRecord>(row.body);
}

export function writeTimeZones(tx: Transaction, record: TimeZoneRecord): void {
  tx.put(metaTable, { name: NAME, body: toBody(record) });
}
