import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localClient } from "../../cli/api-client.ts";
import { entriesOf, exportText } from "../../cli/commands/ledger-export.ts";
import { viewExplanation } from "../../cli/explanation-view.ts";
import type { RunId } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { firstFitByEvents, worstWindow } from "../support/hour-by-events.ts";
import { readCsv } from "../support/read-csv.ts";
import { exits, obeys } from "../support/scripted-executor.ts";
import type { WorkByHand } from "../support/spending-by-hand.ts";
import { World } from "../support/world.ts";

/**
 * What anybody with a spreadsheet can do: take the exported ledger, and work out again the numbers by
 * which `orrery explain` says that a run waits. Nothing here knows an account.
 */

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** A run may go on for half an hour and ten seconds of grace on c1.4, and start within 20 minutes. */
const RATE = 4;
const WORST = { seconds: 30 * 60 + 10, units: (30 * 60 + 10) * RATE };
const START_WITHIN_MS = 20 * MINUTE_MS;

interface Line {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  readonly units: number | null;
  readonly attempt?: string;
  readonly balanceAfter?: number;
  readonly spendStartAt: string;
  readonly spendEndAt: string;
  readonly rate: number;
  readonly spendUnits: number;
}

async function exported(): Promise<readonly Line[]> {
  const api = localClient(world.services.api, "token");
  let text = "";
  for await (const part of exportText(entriesOf(api, "demo"), "demo", "csv")) text += part;
  return readCsv(text) as unknown as readonly Line[];
}

interface Shown {
  readonly checks: readonly {
    readonly rule: string;
    readonly holds: boolean;
    readonly compared: Readonly<Record<string, number | string>>;
    readonly relief?: object;
  }[];
}

/** As `orrery explain RUN --json` prints it, by rule. */
async function explained(run: RunId): Promise<Readonly<Record<string, Shown["checks"][number]>>> {
  const api = localClient(world.services.api, "token");
  const shown = viewExplanation(await api.call(RunService.method.explain, { run })) as Shown;
  return Object.fromEntries(shown.checks.map((check) => [check.rule, check]));
}

/** The lines of holds that nothing has closed. */
function openHolds(lines: readonly Line[]): readonly Line[] {
  const closed = new Set(
    lines.filter(({ kind }) => kind === "settle" || kind === "release").map((line) => line.attempt),
  );
  return lines.filter(({ kind, attempt }) => kind === "hold" && !closed.has(attempt));
}

/** What a line may have spent, or may come to spend. */
function workOf(line: Line): WorkByHand {
  const [startAt, endAt] = [Date.parse(line.spendStartAt), Date.parse(line.spendEndAt)];
  const units = line.kind === "hold" ? (line.units ?? 0) : line.spendUnits;
  const ms = (units / line.rate) * SECOND_MS;
  return { earliestAt: startAt, latestAt: endAt - ms, ms, rate: line.rate };
}

function worksOf(lines: readonly Line[]): readonly WorkByHand[] {
  return [...lines.filter(({ kind }) => kind === "settle"), ...openHolds(lines)].map(workOf);
}

const candidateAt = (now: number): WorkByHand => ({
  ...{ earliestAt: now, latestAt: now + START_WITHIN_MS },
  ...{ ms: WORST.seconds * SECOND_MS, rate: RATE },
});

async function configure(limits: UnitLimits): Promise<void> {
  const schedules = [
    aSchedule({ timing: null, overlap: "allow" }),
    aSchedule({ name: "other", timing: null, overlap: "allow", timeoutMs: 10 * MINUTE_MS }),
  ];
  await world.apply(aConfiguration({ schedules, limits }));
}

/** Runs of so many minutes, one after another, and then as many that go on. */
async function work(minutes: readonly number[], running: number): Promise<void> {
  for (const [index, ran] of minutes.entries()) {
    world.willRun("other", exits(ran * MINUTE_MS));
    await world.askRun("other", `ended-${index}`);
    await world.live((ran + 1) * MINUTE_MS);
  }
  world.alwaysRuns("nightly", obeys);
  for (let n = 0; n < running; n += 1) await world.askRun("nightly", `runs-${n}`);
  await world.live(MINUTE_MS);
}

async function aWaitingRun(): Promise<RunId> {
  const id = await world.askRun("nightly", "waits");
  await world.live(10 * SECOND_MS);
  expect((await world.run(id)).state).toBe("waiting");
  return id;
}

describe("a run that waits is explained by numbers that follow from the exported ledger", () => {
  it("for the balance: what is left, what is held, and what is missing", async () => {
    await configure({ balance: 20_000 });
    await work([4, 7], 2);
    const run = await aWaitingRun();

    const lines = await exported();
    const { balance } = await explained(run);

    const left = lines.at(-1)?.balanceAfter ?? NaN;
    const added = lines.flatMap(({ kind, units }) => (kind === "setBalance" ? [units ?? 0] : []));
    const spent = lines.filter(({ kind }) => kind === "settle").map(({ spendUnits }) => spendUnits);
    const held = sum(openHolds(lines).map(({ units }) => units ?? 0));
    expect(left).toBe(sum(added) - sum(spent));
    expect(sum(spent)).toBe((4 + 7) * 60 * RATE);
    expect(balance?.compared).toEqual({ held, units: WORST.units, balance: left });
    expect(balance?.relief).toEqual({ kind: "settlement" });
    expect(held + WORST.units > left && WORST.units <= left).toBe(true);
  });

  it("for the balance that running work cannot give back: how much a top up must add", async () => {
    await configure({ balance: 9_000 });
    await work([8], 1);
    const run = await aWaitingRun();

    const lines = await exported();
    const { balance } = await explained(run);

    const left = lines.at(-1)?.balanceAfter ?? NaN;
    const held = sum(openHolds(lines).map(({ units }) => units ?? 0));
    expect(balance?.compared).toEqual({ held, units: WORST.units, balance: left });
    const missingUnits = held + WORST.units - left;
    expect(balance?.relief).toEqual({ kind: "topUp", missingUnits });
  });

  it.each([
    ["all in one hour", [4, 7], 1, 12_000],
    ["some of it about to leave the hour", [9, 9, 9, 9], 2, 21_000],
    ["only what has ended", [9, 9, 9], 0, 9_000],
    ["some of it gone for good", [9, 9, 9, 9, 9, 9, 9], 1, 15_000],
  ])(
    "for the hour, with %s: the worst one, and the first start",
    async (_what, ended, running, unitsPerHour) => {
      await configure({ unitsPerHour });
      await work(ended, running);
      const run = await aWaitingRun();

      const lines = await exported();
      const { hour } = await explained(run);

      const now = world.clock.now();
      const works = worksOf(lines);
      const candidate = candidateAt(now);
      const worst = worstWindow([...works, candidate], now, HOUR_MS);
      expect(hour?.compared).toEqual({
        peakUnits: Math.ceil(worst.units),
        peakAt: iso(worst.at),
        aloneUnits: WORST.units,
        unitsPerHour,
      });
      expect(worst.units).toBeGreaterThan(unitsPerHour);
      const asked = { works, candidate, limitUnits: unitsPerHour, windowMs: HOUR_MS };
      const first = firstFitByEvents(asked);
      expect(hour?.relief).toEqual({ kind: "at", nextEligibleAt: iso(Number(first)) });
      expect(Number(first)).toBeGreaterThan(now);
    },
  );

  it("for concurrency: how many attempts hold units", async () => {
    await configure({ concurrentRuns: 3 });
    await work([2], 3);
    const run = await aWaitingRun();

    const lines = await exported();
    const { concurrency } = await explained(run);

    const running = openHolds(lines).length;
    expect(concurrency?.compared).toEqual({ running, concurrentRuns: 3 });
    expect(running).toBe(3);
  });

  it("for one execution: whole seconds of its rate within the limit", async () => {
    const unitsPerExecution = 5_002;
    await configure({ unitsPerExecution, concurrentRuns: 1 });
    await work([], 1);
    const run = await aWaitingRun();

    const lines = await exported();
    const { execution } = await explained(run);

    // The limit cuts the half hour: what the running one holds is all the seconds that it pays for.
    const units = Math.floor(unitsPerExecution / RATE) * RATE;
    expect(openHolds(lines).map((line) => line.units)).toEqual([units]);
    expect(execution?.compared).toMatchObject({ units });
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function iso(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
