import { limits } from "../../core/limits.ts";
import type { Entry } from "../../core/units/ledger.ts";
import {
  addWork,
  dayOf,
  endedWork,
  addToMonth,
  type EndedWork,
} from "../../core/units/spending.ts";
import { scanEntries } from "../../records/account-record.ts";
import { readSpendingDays, writeSpendingDay } from "../../records/spending-day-record.ts";
import type { OutlookStep } from "./outlook-step.ts";

/**
 * Adds the work of a project that has ended since its last outlook to the days it ended on. The
 * outlook says through which entry, and both are written together, so nothing is added twice. Where
 * there is more than one transaction should hold, the outlook stays behind the account.
 */
export const rollUp: OutlookStep = async (reader, { account, outlook }) => {
  const { project } = account;
  if (account.seq <= outlook.seq) return { outlook, events: [] };
  const page = { after: outlook.seq, limit: limits.rollUpEntries };
  const entries = await scanEntries(reader, project, page);
  const { works, seq } = fitting(entries);
  const numbers = [...new Set(works.map(({ endedAt }) => dayOf(endedAt)))];
  const days = addWork(await readSpendingDays(reader, project, numbers), works);
  const month = addToMonth(outlook.month, works);
  return {
    outlook: { ...outlook, seq, ...(month === undefined ? {} : { month }) },
    events: [],
    write: (tx) => {
      for (const [day, spending] of days) writeSpendingDay(tx, project, { day, spending });
    },
  };
};

/** The work of the first entries, up to that which ended on one day too many. */
function fitting(entries: readonly Entry[]): {
  readonly works: readonly EndedWork[];
  readonly seq: number;
} {
  const works = endedWork(entries);
  const days = new Set<number>();
  const excess = works.findIndex(({ endedAt }) => {
    return days.add(dayOf(endedAt)).size > limits.rollUpDays;
  });
  const kept = excess === -1 ? works : works.slice(0, excess);
  const last =
    excess === -1 ? entries : entries.filter(({ seq }) => seq < (works[excess]?.seq ?? 0));
  return { works: kept, seq: last.at(-1)?.seq ?? 0 };
}
