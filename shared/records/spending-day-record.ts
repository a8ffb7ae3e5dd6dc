import type { ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type {
  HourSpending,
  SpenderName,
  SpendingDay,
  SpendingDays,
} from "../core/units/spending.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { spendingDaysTable } from "./tables.ts";

/**
 * A day's row is kept for good: a schedule that ends once a day has some 40 bytes in it, so ten of
 * them leave 150 KB in a year. Its spenders are listed and not keyed, for a name may be any word.
 */
type StoredDay = readonly (readonly [SpenderName, readonly HourSpending[]])[];

/** These days, without those on which nothing ended. */
export async function readSpendingDays(
  reader: Reader,
  project: ProjectId,
  days: readonly number[],
): Promise<SpendingDays> {
  const keys = days.map((day) => ({ project, day }));
  const rows = await reader.getMany(spendingDaysTable, keys);
  return decode(rows.filter((row) => row !== undefined));
}

/** The days from one to another, both included, without those on which nothing ended. */
export async function scanSpendingDays(
  reader: Reader,
  project: ProjectId,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<SpendingDays> {
  const found: Row<typeof spendingDaysTable>[] = [];
  for (let next = from; next <= to;) {
    const rows = await reader.scan(spendingDaysTable, {
      prefix: { project },
      ...{ from: next, to, limit: limits.spendingRows },
    });
    found.push(...rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < limits.spendingRows) break;
    next = last.day + 1;
  }
  return decode(found);
}

export function writeSpendingDay(
  tx: Transaction,
  project: ProjectId,
  { day, spending }: { readonly day: number; readonly spending: SpendingDay },
): void {
  const body: StoredDay = [...spending];
  tx.put(spendingDaysTable, { project, day, body: toBody(body) });
}

function decode(rows: readonly Row<typeof spendingDaysTable>[]): SpendingDays {
  return new Map(rows.map(({ day, body }) => [day, new Map(fromBody<StoredDay>(body))]));
}
