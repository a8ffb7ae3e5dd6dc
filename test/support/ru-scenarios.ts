import { assert } from "../../shared/core/assert.ts";
import { projectId, type RunId } from "../../shared/core/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { ProjectOperationService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { ProjectService } from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { OperationService } from "../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import { writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import type { Headers } from "../api/services/orrery/orrery-world.ts";
import { aCommunity, aProject, DEMO } from "./access-builders.ts";
import { aConfiguration, aSchedule, aSubscription } from "./builders.ts";
import type { CostWorld, Spent } from "./ru-stage.ts";
import { exits } from "./scripted-executor.ts";
import { aCron, aTiming } from "./timing-builder.ts";

/** A short run's program has ended when it is polled for the first time. */
export const SHORT_MS = SECOND_MS;
/** What is on its way behind a run's end arrives within it: late looks and their messages. */
const REST_MS = 3 * MINUTE_MS;
/**
 * Schedules fire at 00:05, so that their projects have accounts as projects in use have, and again at
 * 00:15, which is measured. The tick at 00:14 fires them, half a minute after this.
 */
const FIRES = aCron("5,15 0 * * *");
const UNTIL_FIRE_MS = 13 * MINUTE_MS + 30 * SECOND_MS;
const PAGE = 100;

export async function idleTick(world: CostWorld, schedules: number): Promise<Spent> {
  await nightly(world, { runs: schedules, runMs: SHORT_MS });
  const spent = await world.measure(async () => await world.tick());
  await world.expectRuns(0, "queued");
  return spent;
}

export async function firingTick(world: CostWorld, runs: number): Promise<Spent> {
  await nightly(world, { runs, runMs: SHORT_MS });
  await world.live(UNTIL_FIRE_MS);
  await world.advance(30 * SECOND_MS);
  const spent = await world.measure(async () => await world.tick());
  await world.live(2 * MINUTE_MS);
  await world.expectRuns(2 * runs, "succeeded");
  return spent;
}

export interface Nightly {
  readonly runs: number;
  readonly runMs: number;
  readonly projects?: number;
}

/** From half a minute before the tick that fires: the fires, the runs, their notifications, and the ticks meanwhile. */
export async function wholeRuns(world: CostWorld, nights: Nightly): Promise<Spent> {
  await nightly(world, nights);
  await world.live(UNTIL_FIRE_MS);
  const spent = await world.measure(
    async () => await world.live(2 * MINUTE_MS + nights.runMs + REST_MS),
  );
  await world.expectRuns(2 * nights.runs, "succeeded");
  assert(world.webhook.received.length === 2 * nights.runs, "every run was told of once");
  return spent;
}

/** Schedules that fire twice a day, of a job each, with one notification at the end of a run. */
async function nightly(world: CostWorld, { runs, runMs, projects = 1 }: Nightly): Promise<void> {
  const schedules = Array.from({ length: runs }, (_, index) =>
    aSchedule({
      name: `${world.prefix}-${index}`,
      project: projects === 1 ? "demo" : `project-${index % projects}`,
      timing: aTiming({ when: [FIRES] }),
      timeoutMs: 2 * HOUR_MS,
    }),
  );
  for (const { name } of schedules) {
    world.willRun(name, exits(SHORT_MS));
    world.alwaysRuns(name, exits(runMs));
  }
  await world.apply(aConfiguration({ schedules, subscriptions: [AT_THE_END] }));
}

const AT_THE_END = aSubscription({ name: "ended", on: ["run.succeeded", "run.failed"] });

export async function onePoll(world: CostWorld): Promise<Spent> {
  await nightly(world, { runs: 1, runMs: 2 * HOUR_MS });
  // Half an hour into the run it is polled by the minute, between two ticks.
  await world.live(UNTIL_FIRE_MS + HOUR_MS / 2);
  await untilPolled(world);
  return await world.measure(async () => await untilPolled(world));
}

async function untilPolled(world: CostWorld): Promise<void> {
  const { polls } = world.executor;
  for (let seconds = 0; world.executor.polls === polls; seconds += 1) {
    assert(seconds < 10 * 60, "a running run is polled");
    await world.advance(SECOND_MS);
  }
}

/** A balance of zero lets nothing start until somebody adds to it; the wait begins at 00:05. */
export async function waitAnHour(world: CostWorld): Promise<Spent> {
  const timing = aTiming({ when: [aCron("5 0 * * *")] });
  const schedule = aSchedule({ name: world.prefix, timing });
  await world.apply(aConfiguration({ schedules: [schedule], limits: { balance: 0 } }));
  await world.live(6 * MINUTE_MS);
  await world.expectRuns(1, "waiting");
  const spent = await world.measure(async () => await world.live(HOUR_MS));
  await world.expectRuns(1, "waiting");
  return spent;
}

export async function deliveredAgain(
  world: CostWorld,
  queue: "submit" | "watch" | "notify",
): Promise<Spent> {
  const run = await aFinishedRun(world);
  const [told] = world.webhook.received;
  assert(told !== undefined, "the run was told of");
  const body = queue === "notify" ? { delivery: told.id } : { run };
  await world.message(queue, JSON.stringify(body));
  const spent = await world.measure(async () => await world.deliverAll());
  assert(spent.calls[queue] === 1, `${queue} was called`);
  assert(world.webhook.received.length === 1, "nothing was told twice");
  return spent;
}

async function aFinishedRun(world: CostWorld): Promise<RunId> {
  await nightly(world, { runs: 1, runMs: SHORT_MS });
  await world.live(UNTIL_FIRE_MS);
  const [run] = await world.expectRuns(1, "succeeded");
  assert(run !== undefined, "the run is there");
  return run.id;
}

/** The project `demo`, and a subject with a token and the role of a viewer on it. */
async function aViewer(world: CostWorld): Promise<Headers> {
  await world.store.transact("make-project", (tx) => {
    writeCommunity(tx, undefined, aCommunity());
    writeProject(tx, undefined, aProject());
    return Promise.resolve();
  });
  return await world.userOf("vera", { role: "viewer", on: DEMO });
}

export async function getProject(world: CostWorld): Promise<Spent> {
  const headers = await aViewer(world);
  const { get } = ProjectService.method;
  return await world.measure(async () => await world.invoke(get, { projectId: "demo" }, headers));
}

export async function getRun(world: CostWorld): Promise<Spent> {
  const headers = await aViewer(world);
  const run = await aFinishedRun(world);
  const { get } = RunService.method;
  return await world.measure(async () => await world.invoke(get, { run }, headers));
}

/** The operation of an attempt: what a program that started a job polls. */
export async function getOperation(world: CostWorld): Promise<Spent> {
  const headers = await aViewer(world);
  const run = await world.invoke(RunService.method.get, { run: await aFinishedRun(world) });
  const operationId = run.attempts[0]?.operation ?? "";
  const { get } = OperationService.method;
  return await world.measure(async () => await world.invoke(get, { operationId }, headers));
}

export async function listRuns(world: CostWorld, schedules: number): Promise<Spent> {
  const headers = await aViewer(world);
  await world.writeRuns(
    ...Array.from({ length: 3 * PAGE }, (_, index) => ({
      schedule: `report-${index % schedules}`,
      cause: { kind: "message", id: String(index) } as const,
      state: "succeeded" as const,
      finishedAt: world.clock.now(),
    })),
  );
  const schedule = schedules === 1 ? "report-0" : "";
  const { list } = RunService.method;
  return await world.measure(async () => {
    const { runs } = await world.invoke(list, { schedule, pageSize: BigInt(PAGE) }, headers);
    assert(runs.length === PAGE, "the page is full");
  });
}

export async function listOperations(world: CostWorld): Promise<Spent> {
  const headers = await aViewer(world);
  for (let index = 0; index < PAGE + 20; index += 1) {
    const request = {
      projectId: projectId("demo"),
      description: `the ${index}th`,
      updateMask: { paths: ["description"] },
    };
    await world.invoke(ProjectService.method.update, request);
  }
  const { list } = ProjectOperationService.method;
  return await world.measure(async () => {
    const request = { projectId: "demo", pageSize: BigInt(PAGE) };
    const { operations } = await world.invoke(list, request, headers);
    assert(operations.length === PAGE, "the page is full");
  });
}
