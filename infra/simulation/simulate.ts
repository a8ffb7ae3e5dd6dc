import { setImmediate } from "node:timers/promises";
import {
  readDeliveryBody,
  readRunBody,
  readWatchBody,
  type Body,
} from "../../functions/message-body.ts";
import { assert } from "../../shared/core/assert.ts";
import { attemptIdOf, runKeyOf, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { SimulatedRun } from "../../shared/core/simulation/simulated-run.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/core/time/duration.ts";
import {
  earlier,
  instant,
  INSTANT_MAX,
  plusMs,
  type Instant,
} from "../../shared/core/time/instant.ts";
import type { LogEntry } from "../../shared/ports/log.ts";
import type { QueueName } from "../../shared/ports/queue.ts";
import { nextTimerAfter } from "../../shared/records/timer-record.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { deliverAll } from "../../shared/usecases/deliver.ts";
import { fire } from "../../shared/usecases/fire.ts";
import { submitRuns } from "../../shared/usecases/submit-run.ts";
import { watchRuns } from "../../shared/usecases/watch-runs.ts";
import { pretendBy, type Assumptions } from "./assumed-execution.ts";
import { CollectedRuns, type BalanceEnd } from "./collected-runs.ts";
import { openWorld, type World } from "./simulation-wiring.ts";

/** What is played, and for how long. */
export interface SimulationRequest extends Assumptions {
  readonly configuration: Configuration;
  readonly from: Instant;
  readonly until: Instant;
  /** The same seed gives the same simulation. */
  readonly seed: number;
}

/** What a simulation came to. */
export interface Simulated {
  readonly from: Instant;
  readonly until: Instant;
  /** In order of schedule, and of time. */
  readonly runs: readonly SimulatedRun[];
  readonly balanceEnds: readonly BalanceEnd[];
  /** False where there was more to play than `limits.simulatedRuns`; then `until` is where it stopped. */
  readonly complete: boolean;
}

/** Told now and then how far it is. */
export type Progress = (at: Instant) => void;

/** A batch as a trigger takes it. */
const BATCH = 10;

/** How many steps go by before signals and timers of the process get a turn. */
const STEPS_IN_A_ROW = 200;

/**
 * Plays a configuration on a virtual clock: the platform's own use cases over a store and queues in
 * memory, and executions that take as long as is assumed. Time jumps from one thing that is due to the
 * next; ticks that would find nothing are left out. Nobody is notified.
 */
export async function simulate(
  request: SimulationRequest,
  progress: Progress = () => undefined,
): Promise<Simulated> {
  const configuration = { ...request.configuration, subscriptions: [] };
  const waiting: RunId[] = [];
  const world = openWorld({
    startAt: request.from,
    seed: request.seed,
    pretend: pretendBy(configuration, request),
    log: (entry) => waiting.push(...waiterIn(entry)),
  });
  const { services, clock } = world;
  await applyConfiguration(services, configuration);
  const collected = new CollectedRuns(
    services,
    configuration.schedules.map(({ name }) => name),
  );
  // What is due at the very beginning has not been seen by any tick.
  let tickedAt = plusMs(request.from, -limits.tickHorizonMs - 1);
  let collectAt = plusMs(request.from, DAY_MS);
  for (let step = 1; ; step += 1) {
    if (step % STEPS_IN_A_ROW === 0) await setImmediate();
    const tickAt = await nextTick(world, tickedAt);
    const nextAt = earlier(tickAt, nextMessageAt(world));
    if (nextAt > request.until || collected.isFull) break;
    if (nextAt >= collectAt) {
      await collected.collect();
      progress(clock.now());
      collectAt = plusMs(nextAt, DAY_MS);
    }
    await clock.advance(Math.max(0, nextAt - clock.now()));
    if (tickAt <= nextAt) {
      tickedAt = tickAt;
      await fire(services, { scope: "due", deadlineAt: plusMs(nextAt, DAY_MS) });
    }
    await deliverVisible(world);
    await collected.waits(waiting.splice(0));
  }
  const until = collected.isFull ? clock.now() : request.until;
  if (until > clock.now()) await clock.advance(until - clock.now());
  await collected.collect();
  const { runs, balanceEnds, isFull } = collected;
  return { from: request.from, until, runs, balanceEnds, complete: !isFull };
}

/**
 * The first tick that finds something new: timers that are due within the horizon of the tick before
 * have been seen by it, or have a message of their own. Never where nothing is to come.
 */
async function nextTick({ services, clock }: World, tickedAt: Instant): Promise<Instant> {
  const seenThroughAt = plusMs(tickedAt, limits.tickHorizonMs);
  const timer = await services.store.snapshot(
    async (reader) => await nextTimerAfter(reader, seenThroughAt),
  );
  if (timer === undefined) return INSTANT_MAX;
  const fromAt = Math.max(timer - limits.tickHorizonMs, tickedAt + 1, clock.now());
  return instant(Math.ceil(fromAt / MINUTE_MS) * MINUTE_MS);
}

function nextMessageAt({ queue }: World): Instant {
  const [first, ...others] = QUEUES.map((name) => queue.nextVisibleAt(name) ?? INSTANT_MAX);
  assert(first !== undefined, "there are queues");
  return others.reduce(earlier, first);
}

/** Hands over every message that is visible now, and those that this brings about. */
async function deliverVisible(world: World): Promise<void> {
  for (let isAtRest = false; !isAtRest;) {
    isAtRest = true;
    for (const name of QUEUES) {
      const received = world.queue.receive(name, { max: BATCH });
      if (received.length === 0) continue;
      isAtRest = false;
      const failures = await handle(
        world,
        name,
        received.map(({ body }) => body),
      );
      for (const failure of failures) throw failure;
      world.queue.acknowledge(
        name,
        received.map(({ receipt }) => receipt),
      );
    }
  }
}

const QUEUES = ["submit", "watch", "notify"] as const satisfies readonly QueueName[];

async function handle(
  world: World,
  name: (typeof QUEUES)[number],
  bodies: readonly string[],
): Promise<readonly unknown[]> {
  const { services } = world;
  switch (name) {
    case "submit":
      return await submitRuns(
        services,
        bodies.map((body) => valueOf(readRunBody(body))),
      );
    case "watch":
      return await watchRuns(services, await ofEnded(world, bodies));
    case "notify":
      return await deliverAll(
        services,
        bodies.map((body) => valueOf(readDeliveryBody(body))),
      );
  }
}

/** A look at what goes on and was seen to run would find nothing: it is put off to the end. */
async function ofEnded(
  { executor, queue, clock }: World,
  bodies: readonly string[],
): Promise<readonly WatchedRun[]> {
  const due: WatchedRun[] = [];
  for (const body of bodies) {
    const look = valueOf(readWatchBody(body));
    if (!("run" in look)) continue;
    const { run, attempt, isFirst } = look;
    const endsAt = attempt === undefined ? undefined : executor.endsAt(attemptIdOf(run, attempt));
    if (endsAt === undefined || isFirst === true) due.push(look);
    else {
      const delayMs = Math.min(endsAt - clock.now(), limits.queueDelayMs);
      await queue.send("watch", [{ body, delayMs }]);
    }
  }
  return due;
}

type WatchedRun = Parameters<typeof watchRuns>[1][number];

function valueOf<T>(body: Body<T>): T {
  assert(body.ok, "a message of our own can be read");
  return body.value;
}

/** A run that has begun to wait. */
function waiterIn({ name, fields }: LogEntry): readonly RunId[] {
  const run = name === "run.waiting" ? runKeyOf(String(fields["run"]))?.run : undefined;
  return run === undefined ? [] : [run];
}
