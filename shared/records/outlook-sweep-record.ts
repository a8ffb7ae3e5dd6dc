import type { ProjectId } from "../core/ids.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { metaTable } from "./tables.ts";

/** Where the sweep of outlooks is, whichever instance of the tick goes on with it. */
export interface OutlookSweep {
  /** The hour it began in, counted from 1970. */
  readonly hour: number;
  /** The project it came to; absent where it has not come to any. */
  readonly after?: ProjectId | undefined;
  /** Set once it is through. */
  readonly through?: true | undefined;
  /** How many ticks went on from here and came to no end. */
  readonly tries: number;
}

const NAME = "outlooks";

export async function readOutlookSweep(reader: Reader): Promise<OutlookSweep | undefined> {
  const row = await reader.get(metaTable, { name: NAME });
  return row && fromBody<OutlookSweep>(row.body);
}

export function writeOutlookSweep(tx: Transaction, sweep: OutlookSweep): void {
  tx.put(metaTable, { name: NAME, body: toBody(sweep) });
}
