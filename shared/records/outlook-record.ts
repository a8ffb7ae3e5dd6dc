import type { ProjectId, ScheduleName } from "../core/ids.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Estimate } from "../core/units/estimate.ts";
import type { MonthSpending } from "../core/units/spending.ts";
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
  /** What those entries spent in the latest month that work ended in; absent before any has. */
  readonly month?: MonthSpending;
  /** Learnt from settled runs; the one that was looked at longest ago stands first. */
  readonly estimates: Readonly<Record<ScheduleName, LearntEstimate>>;
  /** What was settled since each schedule's runs were last looked at, whoever spent first in front. */
  readonly unlearnt?: readonly Unlearnt[];
  /** The last ledger entry that is counted there. */
  readonly countedSeq?: number;
  /** Schedules whose runs spend otherwise than was expected, and that was told. */
  readonly drifting: readonly ScheduleName[];
  /** When the balance was forecast to end; absent where it lasts, or where there is none. */
  readonly balanceEndsAt?: Instant;
  /** True while a balance that ends too soon has been told. */
  readonly forecastTold?: true;
}

/** What the settled runs of a schedule came to. */
export interface LearntEstimate extends Estimate {
  readonly source: "history";
  /** Units per second of the dearest instance type that its runs could get when it was learnt. */
  readonly rate: number;
}

/** Attempts of a schedule that were settled and that its estimate does not know of yet. */
export interface Unlearnt {
  readonly schedule: ScheduleName;
  readonly settled: number;
  /** Those of them that came to something else than the estimate says. */
  readonly off: number;
}

/** Short, because the rows of all schedules of a project are one. */
interface StoredOutlook extends Omit<Outlook, "estimates" | "unlearnt"> {
  readonly estimates: Readonly<
    Record<ScheduleName, readonly [units: number, durationMs: number, runs: number, rate: number]>
  >;
  readonly unlearnt?: readonly (readonly [schedule: ScheduleName, settled: number, off: number])[];
}

/** What was learnt of a schedule, if anything was: also of one whose name every object has, such as constructor. */
export function learntIn(
  { estimates }: Pick<Outlook, "estimates">,
  schedule: ScheduleName,
): LearntEstimate | undefined {
  return Object.hasOwn(estimates, schedule) ? estimates[schedule] : undefined;
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
    return row === undefined ? noOutlook(project) : decode(fromBody<StoredOutlook>(row.body));
  });
}

export function writeOutlook(tx: Transaction, outlook: Outlook): void {
  tx.put(outlooksTable, { project: outlook.project, body: toBody(encode(outlook)) });
}

function encode({ estimates, unlearnt, ...rest }: Outlook): StoredOutlook {
  return {
    ...rest,
    estimates: Object.fromEntries(
      Object.entries(estimates).map(([schedule, { units, durationMs, runs, rate }]) => [
        schedule,
        [units, durationMs, runs, rate] as const,
      ]),
    ),
    ...(unlearnt === undefined
      ? {}
      : { unlearnt: unlearnt.map(({ schedule, settled, off }) => [schedule, settled, off]) }),
  };
}

function decode({ estimates, unlearnt, ...rest }: StoredOutlook): Outlook {
  return {
    ...rest,
    estimates: Object.fromEntries(
      Object.entries(estimates).map(([schedule, [units, durationMs, runs, rate]]) => [
        schedule,
        { units, durationMs, source: "history" as const, runs, rate },
      ]),
    ),
    ...(unlearnt === undefined
      ? {}
      : { unlearnt: unlearnt.map(([schedule, settled, off]) => ({ schedule, settled, off })) }),
  };
}
