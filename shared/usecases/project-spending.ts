import { OrreryError, wrongFields } from "../core/errors.ts";
import type { ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { DAY_MS, HOUR_MS } from "../core/time/duration.ts";
import { formatInstant, instant, plusMs, type Instant } from "../core/time/instant.ts";
import {
  addToMonth,
  addWork,
  dayOf,
  endedWork,
  monthBegin,
  sumUp,
  type EndedWork,
  type SpendingStretch,
  type SpendingSums,
} from "../core/units/spending.ts";
import type { Reader } from "../ports/store.ts";
import { readAccount, scanEntries } from "../records/account-record.ts";
import { noOutlook, readOutlooks, type Outlook } from "../records/outlook-record.ts";
import { readSpendingDays, scanSpendingDays } from "../records/spending-day-record.ts";
import type { Services } from "./services.ts";

/** Which spending somebody asks for. */
export interface SpendingQuery {
  readonly project: ProjectId;
  /** Absent means 30 days ago. */
  readonly fromAt?: Instant | undefined;
  /** Absent means now; what lies ahead is cut off. */
  readonly untilAt?: Instant | undefined;
  readonly step: "hour" | "day";
}

/**
 * What ended work of a project spent, in whole steps: from that which `fromAt` is in to that which
 * `untilAt` is in, unless that only begins there. It is right to the unit at any moment: days are as
 * the last outlook left them, and what has ended since is added here.
 */
export async function projectSpending(
  { store, clock }: Pick<Services, "store" | "clock">,
  query: SpendingQuery,
): Promise<SpendingSums> {
  const { project } = query;
  const stretch = stretchOf(query, clock.now());
  return await store.snapshot(async (reader) => {
    const from = dayOf(stretch.fromAt);
    const to = dayOf(plusMs(stretch.untilAt, -1));
    const days = await scanSpendingDays(reader, project, { from, to });
    const works = (await workSince(reader, project)).works.filter(({ endedAt }) => {
      return dayOf(endedAt) >= from && dayOf(endedAt) <= to;
    });
    return sumUp(addWork(days, works), stretch);
  });
}

const STEPS = {
  hour: { stepMs: HOUR_MS, longestMs: limits.spendingHoursMs },
  day: { stepMs: DAY_MS, longestMs: limits.spendingDaysMs },
} as const;

function stretchOf({ fromAt, untilAt, step }: SpendingQuery, now: Instant): SpendingStretch {
  const { stepMs, longestMs } = STEPS[step];
  const from = fromAt ?? instant(Math.max(0, now - limits.spendingPresetMs));
  const isUntilNow = untilAt === undefined || untilAt > now;
  const until = isUntilNow ? now : untilAt;
  const wrong = wrongStretch({ from, until, longestMs, step });
  if (wrong !== undefined) throw wrongFields([{ field: "from", description: wrong }]);
  // What ends at this very moment counts, and a stretch of no length is the step that it is in.
  const lastMs = isUntilNow ? until : Math.max(until - 1, from);
  const untilStep = plusMs(instant(lastMs - (lastMs % stepMs)), stepMs);
  return { fromAt: instant(from - (from % stepMs)), untilAt: untilStep, stepMs };
}

function wrongStretch(asked: {
  readonly from: Instant;
  readonly until: Instant;
  readonly longestMs: number;
  readonly step: string;
}): string | undefined {
  const { from, until, longestMs, step } = asked;
  if (from > until) {
    return `must be at or before ${formatInstant(until)}, where the stretch ends; found ${formatInstant(from)}`;
  }
  if (until - from <= longestMs) return undefined;
  return `must be at most ${longestMs / DAY_MS} days before until by the ${step}; found ${formatInstant(from)}`;
}

/** What ended work spent since the day and the month began that an instant is in. */
export async function spentLately(
  reader: Reader,
  project: ProjectId,
  now: Instant,
): Promise<{ readonly spentTodayUnits: number; readonly spentMonthUnits: number }> {
  const { outlook, works } = await workSince(reader, project);
  const today = dayOf(now);
  const days = addWork(await readSpendingDays(reader, project, [today]), works);
  const fromAt = instant(today * DAY_MS);
  const spent = sumUp(days, { fromAt, untilAt: plusMs(fromAt, DAY_MS), stepMs: DAY_MS });
  const month = addToMonth(outlook.month, works);
  const isThisMonth = month?.beginsAt === monthBegin(now);
  return { spentTodayUnits: spent.units, spentMonthUnits: isThisMonth ? month.units : 0 };
}

/** What has ended since the last outlook, in the order of the ledger. */
async function workSince(
  reader: Reader,
  project: ProjectId,
): Promise<{ readonly outlook: Outlook; readonly works: readonly EndedWork[] }> {
  const [account, [outlook = noOutlook(project)]] = await Promise.all([
    readAccount(reader, project),
    readOutlooks(reader, [project]),
  ]);
  const behind = account.seq - outlook.seq;
  if (behind > limits.spendingBehind) throw notAddedUp(project, behind);
  const works: EndedWork[] = [];
  for (let after = outlook.seq; after < account.seq;) {
    const entries = await scanEntries(reader, project, { after, limit: limits.spendingBehindPage });
    works.push(...endedWork(entries));
    after = entries.at(-1)?.seq ?? account.seq;
  }
  return { outlook, works };
}

function notAddedUp(project: ProjectId, behind: number): OrreryError {
  return new OrreryError(
    "SPENDING_NOT_READY",
    `What project ${project} spent is not added up yet: ${behind} entries of its ledger are to come, ` +
      `and a question adds up ${limits.spendingBehind} at most. The tick goes on with it every ten ` +
      `minutes; ask again then, or read the ledger`,
  );
}
