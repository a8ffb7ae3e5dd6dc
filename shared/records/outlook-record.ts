import type { ProjectId, ScheduleName } from "../core/ids.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Estimate } from "../core/units/estimate.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { outlooksTable } from "./tables.ts";

/**
 * What was last worked out about a project, now and then, so that nobody has to read its whole history:
 * the entries that its spending by the day includes, what its schedules are expected to spend, and how
 * long its balance lasts. No limit goes by it.
 */
export interface Outlook {
  readonly project: ProjectId;
  readonly at: Instant;
  /** The last ledger entry that the spending of its days includes. */
  readonly seq: number;
  readonly estimates: Readonly<Record<ScheduleName, Estimate>>;
  /** Schedules whose runs spend otherwise than was expected, and that was told. */
  readonly drifting: readonly ScheduleName[];
  /** When the balance was forecast to end; absent where it lasts, or where there is none. */
  readonly balanceEndsAt?: Instant;
  /** True while a balance that ends too soon has been told. */
  readonly forecastTold?: true;
}

/** The outlook of a project nobody has looked at. */
export function noOutlook(project: ProjectId): Outlook {
  return { project, at: instant(0), seq: 0, estimates: {}, drifting: [] };
}

export async function readOutlooks(
  reader: Reader,
  projects: readonly ProjectId[],
): Promise<readonly Outlook[]> {
  const keys = projects.map((project) => ({ project }));
  const rows = await reader.getMany(outlooksTable, keys);
  return projects.map((project, index) => {
    const row = rows[index];
    return row === undefined ? noOutlook(project) : fromBody<Outlook>(row.body);
  });
}

export function writeOutlook(tx: Transaction, outlook: Outlook): void {
  tx.put(outlooksTable, { project: outlook.project, body: toBody(outlook) });
}
