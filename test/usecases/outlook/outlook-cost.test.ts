import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { CostWorld } from "../../support/ru-stage.ts";
import { settleWork } from "../../support/settled-work.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";

const PROJECTS = 10;

let double: Double;

beforeAll(async () => {
  double = await startDouble({ leastRu: 0 });
});

afterAll(async () => {
  await double.close();
});

/** What the ticks of an hour cost that cost anything, each as `minute: request units`. */
async function hourOf(world: CostWorld): Promise<readonly string[]> {
  const costs: string[] = [];
  for (let minute = 1; minute <= HOUR_MS / MINUTE_MS; minute += 1) {
    await world.clock.advance(MINUTE_MS);
    const { requests } = await world.measure(async () => await world.tick());
    const ru = requests.reduce((sum, request) => sum + request.ru, 0);
    if (ru > 0) costs.push(`${minute % 60}: ${ru}`);
  }
  return costs;
}

/** Ten projects with a schedule each that fires at noon, and runs that each has behind it. */
async function installation(prefix: string, runs: number): Promise<CostWorld> {
  const world = new CostWorld(double, prefix, { looksAhead: true });
  const names = Array.from({ length: PROJECTS }, (_, index) => `project-${index}`);
  const timing = aTiming({ when: [aCron("0 12 * * *")] });
  await world.apply(
    aConfiguration({
      schedules: names.map((project) =>
        aSchedule({ name: `${prefix}-${project}`, project, timing }),
      ),
    }),
  );
  for (const project of names) await spend(world, project, runs);
  return world;
}

async function spend(world: CostWorld, project: string, runs: number): Promise<void> {
  const works = Array.from({ length: runs }, (_, index) => ({
    schedule: `${world.prefix}-${project}`,
    endedAt: plusMs(world.clock.now(), -(runs - index) * MINUTE_MS),
    units: 60,
  }));
  await settleWork(world.store, projectId(project), works);
}

describe("looking after the outlooks of ten projects", () => {
  it("costs two rows a project and its own place once an hour, where nothing has happened", async () => {
    const world = await installation("idle", 4);
    try {
      await hourOf(world);

      const second = await hourOf(world);

      expect(second).toEqual([`5: ${2 * PROJECTS + 3}`]);
      const aMonth = 30 * (DAY_MS / HOUR_MS) * (2 * PROJECTS + 3);
      expect(aMonth).toBeLessThan(17_000);
    } finally {
      await world.close();
    }
  });

  it("costs each of them less than one run, where four have ended", async () => {
    const world = await installation("busy", 4);
    try {
      await hourOf(world);
      for (let index = 0; index < PROJECTS; index += 1) await spend(world, `project-${index}`, 4);

      const [tick = "", ...others] = await hourOf(world);

      expect(others).toEqual([]);
      const ru = Number(tick.replace("5: ", ""));
      expect(ru / PROJECTS).toBeLessThan(26);
      expect(ru / PROJECTS).toBeGreaterThan(2);
    } finally {
      await world.close();
    }
  });

  it("costs its account for a project that nothing was ever worked out for", async () => {
    const world = new CostWorld(double, "fresh", { looksAhead: true });
    try {
      await world.apply(aConfiguration({ limits: { unitsPerHour: 1_000 } }));
      await hourOf(world);

      expect(await hourOf(world)).toEqual(["5: 4"]);
    } finally {
      await world.close();
    }
  });
});
