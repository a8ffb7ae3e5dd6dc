import { limits } from "../core/limits.ts";
import { INSTANT_MAX, plusMs, type Instant } from "../core/time/instant.ts";
import { runOfTimer, scanLanes, scanTimers, type Timer } from "../records/timer-record.ts";
import { claimSchedules } from "./claim-schedules.ts";
import { hasFired, rememberFired } from "./fired-timers.ts";
import { measureFired, measureTimers } from "./measure.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import { isOverdue, redriveRuns } from "./redrive-runs.ts";
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

type FireServices = Pick<Services, "store" | "clock" | "random" | "queue" | "log" | "telemetry">;

export interface FireRequest {
  readonly scope: "due" | "everything";
  /** When this call is cut off; no page starts shortly before it. */
  readonly deadlineAt: Instant;
}

interface Pass {
  readonly stopAt: Instant;
  readonly now: Instant;
  readonly scope: FireRequest["scope"];
  /** Schedules fire through here. */
  readonly throughAt: Instant;
  /** Timers are read through here. */
  readonly scanThroughAt: Instant;
  /** Whoever this pass has sent a message about: one each is enough. */
  readonly told: Set<string>;
}

/**
 * One tick: makes the runs that schedules owe within the horizon, re-drives every run whose timer is
 * overdue, and sends a message for every other timer due in the horizon. Repeating it, or running
 * two at once, makes nothing twice (P1); running it alone finishes all work that lost messages left
 * behind (P3).
 *
 * `everything` looks at all live work at once, whenever it is due: for a platform that has just
 * started and knows that its queues are empty.
 */
export async function fire(services: FireServices, request: FireRequest): Promise<Fired> {
  const now = services.clock.now();
  const { scope } = request;
  const throughAt = plusMs(now, limits.tickHorizonMs);
  const scanThroughAt = scope === "due" ? throughAt : INSTANT_MAX;
  const stopAt = plusMs(request.deadlineAt, -limits.tickReserveMs);
  const pass: Pass = { stopAt, now, scope, throughAt, scanThroughAt, told: new Set() };
  const firstPages = await services.store.snapshot(
    async (reader) => await scanLanes(reader, { throughAt: scanThroughAt }),
  );
  if (scope === "due") measureTimers(services.telemetry, [...firstPages.values()].flat(), now);
  const total = { runs: 0, redriven: 0, complete: true };
  const lanes = [...firstPages.entries()];
  // Ticks that run at once begin in different lanes, so that they seldom claim the same page.
  const begin = Math.floor(services.random.fraction() * lanes.length);
  for (const [lane, first] of [...lanes.slice(begin), ...lanes.slice(0, begin)]) {
    const swept = await sweepLane(services, { lane, first }, pass);
    total.runs += swept.runs;
    total.redriven += swept.redriven;
    total.complete &&= swept.complete;
  }
  services.telemetry.count("orrery.ticks", 1, {
    outcome: total.complete ? "complete" : "incomplete",
  });
  return total;
}

/**
 * Goes through a lane page by page. While a schedule of a page owes more than one claim may make,
 * the same page is read again, so one sweep catches up with any downtime that its page limit allows.
 */
async function sweepLane(
  services: FireServices,
  { lane, first }: { readonly lane: number; readonly first: readonly Timer[] },
  pass: Pass,
): Promise<Fired> {
  const total = { runs: 0, redriven: 0 };
  let after: Timer | undefined;
  let timers: readonly Timer[] | undefined = first;
  for (let page = 0; page < limits.tickPages; page += 1) {
    if (services.clock.now() > pass.stopAt) break;
    timers ??= await readPage(services, { lane, after }, pass);
    const swept = await sweepPage(services, timers, pass);
    total.runs += swept.runs;
    total.redriven += swept.redriven;
    if (!swept.owesMore) {
      after = timers.at(-1);
      if (timers.length < limits.tickPageRows) return { ...total, complete: true };
    }
    timers = undefined;
  }
  return { ...total, complete: false };
}

async function readPage(
  services: FireServices,
  { lane, after }: { readonly lane: number; readonly after: Timer | undefined },
  pass: Pass,
): Promise<readonly Timer[]> {
  const behind = after === undefined ? {} : { after };
  return await services.store.snapshot(
    async (reader) => await scanTimers(reader, lane, { throughAt: pass.scanThroughAt, ...behind }),
  );
}

async function sweepPage(
  services: FireServices,
  timers: readonly Timer[],
  pass: Pass,
): Promise<Omit<Fired, "complete"> & { readonly owesMore: boolean }> {
  const { store, telemetry } = services;
  const fires = timers.filter(
    (timer) => timer.kind === "schedule" && timer.dueAt <= pass.throughAt,
  );
  const due = fires.filter((timer) => !hasFired(store, timer));
  const claim =
    due.length === 0
      ? { runs: [], nudges: [], fired: [], passed: [], owesMore: false }
      : await store.transact(
          "fire",
          async (tx) =>
            await claimSchedules(tx, due, { ...pass, traceOf: (run) => telemetry.begin(run) }),
        );
  for (const { ref } of claim.nudges) pass.told.add(ref);
  measureFired(telemetry, claim.runs);

  rememberFired(store, [...claim.fired, ...claim.passed]);

  const passed = [...claim.passed, ...fires.filter((timer) => !due.includes(timer))];
  const ofRuns = [...passed, ...timers.filter(isOfRun)];
  const owed = ofRuns.filter((timer) => isOwed(timer, pass));
  const redriven =
    owed.length === 0
      ? []
      : await store.transact("redrive", async (tx) => await redriveRuns(tx, owed, pass));
  const hints = timers.flatMap((timer) => hintOf(timer, pass));
  const nudges = [...claim.nudges, ...redriven, ...hints];
  for (const { ref } of nudges) pass.told.add(ref);
  // A delay counts from the moment of sending: the time this pass took would make every fire late.
  await sendNudges(services, nudges, services.clock.now());
  const { owesMore } = claim;
  return { runs: claim.runs.length, redriven: redriven.length + hints.length, owesMore };
}

function isOfRun({ kind }: Timer): boolean {
  return kind === "submit" || kind === "watch";
}

/**
 * Whether a run's timer is to be moved, and its run looked at. One that has just become due is not:
 * its message is on its way. `everything` acts on all: an attempt whose start was cut short would
 * else wait for long.
 */
function isOwed(timer: Timer, pass: Pass): boolean {
  if (pass.told.has(runOfTimer(timer) ?? timer.ref)) return false;
  return pass.scope === "everything" || isOverdue(timer, pass.now);
}

/**
 * At most one message a timer and pass, where it takes no transaction. A run that waits is looked at
 * once its time has come, which may have been too far ahead for a message then. One that is due just
 * now was perhaps written by a process that has no queue. A delivery that is too early would not ask
 * for another look.
 */
function hintOf(timer: Timer, pass: Pass): readonly Nudge[] {
  const { kind, ref, dueAt } = timer;
  if (kind === "schedule" || pass.told.has(ref)) return [];
  if (isOfRun(timer)) {
    const isPolledMeanwhile = kind === "watch" && dueAt > pass.now;
    return isOwed(timer, pass) || isPolledMeanwhile ? [] : [{ kind, ref, at: dueAt }];
  }
  const isNow = pass.scope === "everything" && kind !== "notify";
  return [{ kind, ref, at: isNow ? pass.now : dueAt }];
}
