import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { communityId, projectId } from "../../../shared/core/ids.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import type { Project } from "../../../shared/core/project/project.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { setLimits } from "../../../shared/core/units/account.ts";
import { readAccount } from "../../../shared/records/account-record.ts";
import { readProject, scanProjects, writeProject } from "../../../shared/records/project-record.ts";
import { postToAccount } from "../../../shared/usecases/projects/post-to-account.ts";
import { aConfiguration, aSchedule, PROJECT, START_AT } from "../../support/builders.ts";
import { exits } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const projectsOf = async (community: string): Promise<readonly Project[]> =>
  await world.store.snapshot(
    async (reader) => await scanProjects(reader, communityId(community), { limit: 900 }),
  );
const limitsOf = async () =>
  (await world.store.snapshot(async (reader) => await readAccount(reader, PROJECT))).limits;

/** What the API does when an admin changes the limits. */
async function change(limits: UnitLimits): Promise<void> {
  await world.store.transact("change", async (tx) => {
    const now = world.clock.now();
    await postToAccount(tx, PROJECT, now, (account) => setLimits(account, limits, now));
  });
}

describe("the projects that a configuration names", () => {
  it("are there once it is applied: those with limits, and those of schedules", async () => {
    const schedules = [
      aSchedule({ name: "a", project: "reports" }),
      aSchedule({ name: "b", project: "reports" }),
      aSchedule({ name: "c", project: "7days" }),
    ];

    await world.apply(aConfiguration({ schedules, limits: { unitsPerHour: 9_000 } }));

    expect(await projectsOf("default")).toMatchObject([
      { id: "7days", name: "" },
      { id: "demo", name: "demo", createdBy: "orrery", diskGb: 10, community: "default" },
      { id: "reports", name: "reports" },
    ]);
  });

  it("stay as somebody made them, in whichever community", async () => {
    const made: Project = {
      ...{ id: PROJECT, community: communityId("lab"), name: "mine", description: "Kept" },
      ...{ labels: {}, createdAt: START_AT, createdBy: "anna", settings: {}, diskGb: 20 },
      restrictions: [],
    };
    await world.store.transact("make", async (tx) => {
      writeProject(tx, undefined, made);
      await Promise.resolve();
    });

    await world.apply(aConfiguration());

    const row = await world.store.snapshot(async (reader) => await readProject(reader, PROJECT));
    expect(row).toEqual(made);
    expect(await projectsOf("default")).toEqual([]);
  });

  it("come without a name where theirs is taken", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ project: "reports" })] }));
    await world.store.transact("rename", async (tx) => {
      const row = await readProject(tx, projectId("reports"));
      if (row !== undefined) writeProject(tx, row, { ...row, name: "demo" });
    });

    await world.apply(aConfiguration());

    expect((await projectsOf("default")).map(({ id, name }) => [id, name])).toEqual([
      ["demo", ""],
      ["reports", "demo"],
    ]);
  });

  it("are made by applying an unchanged file too, as after an upgrade", async () => {
    await world.apply(aConfiguration());
    await world.store.transact("forget", async (tx) => {
      const row = await readProject(tx, PROJECT);
      if (row === undefined) return;
      writeProject(tx, row, { ...row, deletedAt: START_AT });
    });

    await world.apply(aConfiguration());

    expect((await projectsOf("default")).map(({ id }) => id)).toEqual(["demo"]);
  });
});

describe("a limit that somebody set through the API", () => {
  const file = (limits: UnitLimits, timeoutMs = HOUR_MS) =>
    aConfiguration({ schedules: [aSchedule({ timing: null, timeoutMs })], limits });

  it("survives every file that says of it what the last one said", async () => {
    await world.apply(file({ unitsPerHour: 9_000 }));
    await change({ unitsPerHour: 20_000 });

    await world.apply(file({ unitsPerHour: 9_000 }));
    await world.apply(file({ unitsPerHour: 9_000 }, MINUTE_MS));
    expect(await limitsOf()).toEqual({ unitsPerHour: 20_000 });
    await world.apply(file({ unitsPerHour: 9_000, concurrentRuns: 2 }));

    expect(await limitsOf()).toEqual({ unitsPerHour: 20_000, concurrentRuns: 2 });
  });

  it("gives way once the file says something else", async () => {
    await world.apply(file({ unitsPerHour: 9_000 }));
    await change({ unitsPerHour: 20_000 });

    await world.apply(file({ unitsPerHour: 8_000 }));

    expect(await limitsOf()).toEqual({ unitsPerHour: 8_000 });
  });

  it("starts what waited for it, at once", async () => {
    world.alwaysRuns("nightly", exits(10 * MINUTE_MS));
    await world.apply(file({ unitsPerHour: 3_000 }, 10 * MINUTE_MS));
    await world.ask("nightly", "p1");
    await world.live(11 * MINUTE_MS);
    await world.ask("nightly", "p2");
    await world.deliverAll();
    expect(await world.states("nightly")).toEqual(["succeeded", "waiting (limit_hour)"]);

    await change({ unitsPerHour: 9_000 });
    await world.tick();
    await world.advance(SECOND_MS);

    expect(await world.states("nightly")).toEqual(["succeeded", "running"]);
  });

  it("lets what runs go on where it is lowered below that", async () => {
    world.alwaysRuns("nightly", exits(10 * MINUTE_MS));
    await world.apply(file({ unitsPerHour: 9_000 }, 20 * MINUTE_MS));
    await world.ask("nightly", "p1");
    await world.live(MINUTE_MS);

    await change({ unitsPerHour: 10, unitsPerExecution: 10 });
    await world.live(20 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });
});
