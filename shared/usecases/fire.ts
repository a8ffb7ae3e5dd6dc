import { limits } from "../core/limits.ts";
import { INSTANT_MAX, plusMs, type Instant } from "../core/time/instant.ts";
import { scanTimers, type Timer } from "../records/timer-record.ts";
import { claimSchedules } from "./claim-schedules.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import type { Services } from "./services.ts";

/** What a tick did. */
export interface Fired {
  /** Runs made from due schedules, those already missed included. */
  readonly runs: number;
  /** Other live work that somebody was told to look at again. */
  readonly redriven: number;
  /** False when the deadline or the page limit came first; the next tick goes on from there. */
  readonly complete: boolean;
}

type FireServices = Pick<Services, "store" | "clock" | "queue" | "log">;

export interface FireRequest {
  readonly scope: "due" | "everything";
  /** When this call is cut off; no page starts shortly before it. */
  readonly deadlineAt: Instant;
}

interface Pass {
  readonly stopAt: Instant;
  readonly now: Instant;
  /** Schedules fire through here. */
  readonly throughAt: Instant;
  /** Timers are read through here. */
  readonly scanThroughAt: Instant;
  /** Whoever this pass has sent a message about: one each is enough. */
  readonly told: Set<string>;
}

/**
 * One tick: makes the runs that schedules owe within the horizon, and sends a message for every
 * other timer due in it. Repeating it, or running two at once, makes nothing twice (P1); running
 * it alone finishes all work that lost messages left behind (P3).
 *
 * `everything` looks at all live work at once, whenever it is due: for a platform that has just
 * started and knows that its queues are empty.
 */
export async function fire(services: FireServices, request: FireRequest): Promise<Fired> {
  const now = services.clock.now();
  const throughAt = plusMs(now, limits.tickHorizonMs);
  const scanThroughAt = request.scope === "due" ? throughAt : INSTANT_MAX;
  const stopAt = plusMs(request.deadlineAt, -limits.tickReserveMs);
  const pass: Pass = { stopAt, now, throughAt, scanThroughAt, told: new Set() };
  const total = { runs: 0, redriven: 0, complete: true };
  for (let lane = 0; lane < limits.timerLanes; lane += 1) {
    const swept = await sweepLane(services, lane, pass);
    total.runs += swept.runs;
    total.redriven += swept.redriven;
    total.complete &&= swept.complete;
  }
  return total;
}

/**
 * Reads a lane page by page. While a schedule of a page owes more than one claim may make, the same
 * page is read again, so one sweep catches up with any downtime that its page limit allows.
 */
async function sweepLane(services: FireServices, lane: number, pass: Pass): Promise<Fired> {
  const total = { runs: 0, redriven: 0 };
  let after: Timer | undefined;
  for (let page = 0; page < limits.tickPages; page += 1) {
    if (services.clock.now() > pass.stopAt) break;
    const timers = await services.store.snapshot(
      async (reader) =>
        await scanTimers(reader, lane, {
          throughAt: pass.scanThroughAt,
          ...(after === undefined ? {} : { after }),
        }),
    );
    const swept = await sweepPage(services, timers, pass);
    total.runs += swept.runs;
    total.redriven += swept.redriven;
    if (swept.owesMore) continue;
    after = timers.at(-1);
    if (timers.length < limits.tickPageRows) return { ...total, complete: true };
  }
  return { ...total, complete: false };
}

async function sweepPage(
  services: FireServices,
  timers: readonly Timer[],
  pass: Pass,
): Promise<Omit<Fired, "complete"> & { readonly owesMore: boolean }> {
  const redriven = timers.flatMap((timer) => nudgeOf(timer, pass));
  const due = timers.filter((timer) => timer.kind === "schedule" && timer.dueAt <= pass.throughAt);
  const claim =
    due.length === 0
      ? { runs: [], nudges: [], owesMore: false }
      : await services.store.transact("fire", async (tx) => await claimSchedules(tx, due, pass));
  const nudges = [...claim.nudges, ...redriven];
  for (const nudge of nudges) pass.told.add(nudge.ref);
  // A delay counts from the moment of sending: the time this pass took would make every fire late.
  await sendNudges(services, nudges, services.clock.now());
  return { runs: claim.runs.length, redriven: redriven.length, owesMore: claim.owesMore };
}

/**
 * At most one message a timer and pass. Runs of `everything` are looked at now, whatever their
 * timers say: an attempt whose start was cut short would else wait out its lease. A run that is too
 * early asks for another look when it is not; a delivery would not.
 */
function nudgeOf(timer: Timer, pass: Pass): readonly Nudge[] {
  if (timer.kind === "schedule" || pass.told.has(timer.ref)) return [];
  const isEverything = pass.scanThroughAt > pass.throughAt;
  const at = isEverything && timer.kind !== "notify" ? pass.now : timer.dueAt;
  return [{ kind: timer.kind, ref: timer.ref, at }];
}
