import { messageOf } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { HOUR_MS } from "../../core/time/duration.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { Account } from "../../core/units/account.ts";
import type { Store } from "../../ports/store.ts";
import { scanAccounts } from "../../records/account-record.ts";
import { noOutlook, readOutlooks, type Outlook } from "../../records/outlook-record.ts";
import {
  readOutlookSweep,
  writeOutlookSweep,
  type OutlookSweep,
} from "../../records/outlook-sweep-record.ts";
import { lookAhead, type OutlookServices } from "./look-ahead.ts";
import type { OutlookStep } from "./outlook-step.ts";
import { outlookSteps } from "./outlook-steps.ts";

/** The hour whose sweep is through, as far as this process knows; forgetting it costs a read. */
const throughOf = new WeakMap<Pick<Store, "transact">, number>();

/** Has this process read nothing more for the sweep of an instant's hour. */
export function rememberSwept(store: Pick<Store, "transact">, at: Instant): void {
  throughOf.set(store, hourOf(at));
}

export interface OutlookSweepRequest {
  /** When the call is cut off: no project is begun that could take longer. */
  readonly deadlineAt: Instant;
  readonly steps?: readonly OutlookStep[];
}

/**
 * Gives each project with anything new a new outlook, once an hour. What one tick has no time for, the
 * next one that looks goes on with, on whichever instance; a project that fails is told and passed
 * over until the next sweep. Repeating it, or running two at once, tells and adds up nothing twice.
 */
export async function sweepOutlooks(
  services: OutlookServices,
  { deadlineAt, steps = outlookSteps }: OutlookSweepRequest,
): Promise<void> {
  const { store, clock, log } = services;
  const now = clock.now();
  if (throughOf.get(store) === hourOf(now)) return;
  const stopAt = plusMs(deadlineAt, -limits.outlookNeedsMs);
  try {
    const before = await store.snapshot(async (reader) => await readOutlookSweep(reader));
    const isThrough = before?.through === true && before.hour === hourOf(now);
    const after = isThrough ? before : await goOn(services, begun(before, now), { steps, stopAt });
    if (after.through === true) throughOf.set(store, after.hour);
  } catch (error) {
    const message = `Outlooks were not looked after, and the next tick that does is in ten minutes: ${messageOf(error)}`;
    log.write({ level: "warn", name: "outlook.swept", message, fields: {} });
  }
}

/** The sweep to go on with: that which is not through, or a new one. */
function begun(before: OutlookSweep | undefined, now: Instant): OutlookSweep {
  return before === undefined || before.through === true ? { hour: hourOf(now), tries: 0 } : before;
}

interface Part {
  readonly steps: readonly OutlookStep[];
  readonly stopAt: Instant;
}

/** Goes on until all projects are through or the time is up, and writes how far it came. */
async function goOn(
  services: OutlookServices,
  sweep: OutlookSweep,
  part: Part,
): Promise<OutlookSweep> {
  const { clock } = services;
  let { after } = sweep;
  let isBegun = false;
  for (;;) {
    const page = await readPage(services, after);
    for (const { account, outlook } of page) {
      if (clock.now() > part.stopAt) return await write(services, { ...sweep, after, tries: 0 });
      if (isDue(account, outlook, clock.now())) {
        const { project } = account;
        // A tick that is killed writes nothing any more, so this one counts itself beforehand.
        if (!isBegun) await write(services, { ...sweep, after, tries: sweep.tries + 1 });
        const isPassedOver = !isBegun && sweep.tries >= limits.outlookTries;
        isBegun = true;
        if (isPassedOver)
          passOver(services, project, `${sweep.tries} ticks came to no end with it`);
        else if (!(await look(services, project, part))) {
          return await write(services, { ...sweep, after, tries: 0 });
        }
      }
      after = account.project;
    }
    if (page.length < limits.outlookProjects) {
      return await write(services, { hour: sweep.hour, through: true, tries: 0 });
    }
  }
}

interface Standing {
  readonly account: Account;
  readonly outlook: Outlook;
}

async function readPage(
  { store }: OutlookServices,
  after: ProjectId | undefined,
): Promise<readonly Standing[]> {
  return await store.snapshot(async (reader) => {
    const accounts = await scanAccounts(reader, { limit: limits.outlookProjects, after });
    const projects = accounts.map(({ project }) => project);
    const outlooks = await readOutlooks(reader, projects);
    return accounts.map((account, index) => {
      return { account, outlook: outlooks[index] ?? noOutlook(account.project) };
    });
  });
}

async function write({ store }: OutlookServices, sweep: OutlookSweep): Promise<OutlookSweep> {
  await store.transact("outlook-sweep", async (tx) => {
    await Promise.resolve();
    writeOutlookSweep(tx, sweep);
  });
  return sweep;
}

/** False where the time was up before the project had its outlook. */
async function look(services: OutlookServices, project: ProjectId, part: Part): Promise<boolean> {
  try {
    return await lookAhead(services, { project, ...part });
  } catch (error) {
    passOver(services, project, messageOf(error));
    return true;
  }
}

function passOver({ log }: OutlookServices, project: ProjectId, why: string): void {
  const message = `Project ${project} got no new outlook, and is passed over until the next sweep: ${why}`;
  log.write({ level: "warn", name: "outlook.failed", message, fields: { project } });
}

/** Whether there is enough that is new. Hours are compared, because no two ticks come at the same second. */
function isDue(account: Account, outlook: Outlook, now: Instant): boolean {
  const behind = account.seq - outlook.seq;
  const ageMs = (hourOf(now) - hourOf(outlook.at)) * HOUR_MS;
  const warnsAhead = account.budget?.warnAheadMs !== undefined;
  if (behind >= limits.outlookEntries) return true;
  if (behind > 0) return warnsAhead || ageMs >= limits.outlookEveryMs;
  return warnsAhead && ageMs >= limits.outlookQuietMs;
}

function hourOf(at: Instant): number {
  return Math.floor(at / HOUR_MS);
}
