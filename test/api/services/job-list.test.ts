import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { PROJECT } from "../../support/builders.ts";
import { jobs, JobWorld } from "../../support/job-world.ts";
import { exits } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.make();
});
afterEach(async () => {
  await world.close();
});

interface Listed {
  readonly pages: readonly (readonly string[])[];
  readonly ids: readonly string[];
}

async function listed(request: { pageSize?: bigint; filter?: string } = {}): Promise<Listed> {
  const pages: string[][] = [];
  let pageToken = "";
  do {
    const page = await world.rpc(jobs.list, { projectId: PROJECT, pageToken, ...request });
    pages.push(page.jobs.map(({ id }) => id));
    pageToken = page.nextPageToken;
    expect(pageToken.length).toBeLessThanOrEqual(100);
  } while (pageToken !== "");
  return { pages, ids: pages.flat() };
}

async function newJobs(count: number): Promise<readonly string[]> {
  const made: string[] = [];
  for (let index = 0; index < count; index += 1) {
    made.push(await world.newJob());
    // Some are made at one instant, most are not.
    if (index % 3 !== 0) await world.clock.advance(1);
  }
  return made;
}

describe("a project's jobs", () => {
  it("come latest first, each once, whatever the page size is", async () => {
    const made = await newJobs(7);

    const whole = await listed();
    const paged = await listed({ pageSize: 3n });

    expect(whole.pages).toHaveLength(1);
    expect(whole.ids.toSorted()).toEqual(made.toSorted());
    expect(paged.ids).toEqual(whole.ids);
    expect(paged.pages.map((page) => page.length)).toEqual([3, 3, 1]);
    const created = await Promise.all(
      whole.ids.map(async (id) => (await world.stored(id)).createdAt),
    );
    expect(created).toEqual(created.toSorted((a, b) => b - a));
  });

  it("end with a page that has no token, where the last page is full", async () => {
    await newJobs(4);

    expect((await listed({ pageSize: 2n })).pages.map((page) => page.length)).toEqual([2, 2]);
  });

  it("keep their place in a listing while new ones are created", async () => {
    const made = await newJobs(4);
    const first = await world.rpc(jobs.list, { projectId: PROJECT, pageSize: 2n });
    await world.clock.advance(1);
    await world.newJob();

    const rest = await world.rpc(jobs.list, {
      projectId: PROJECT,
      pageSize: 2n,
      pageToken: first.nextPageToken,
    });

    const ids = [...first.jobs, ...rest.jobs].map(({ id }) => id);
    expect(ids.toSorted()).toEqual(made.toSorted());
  });

  it("fit into one answer, however large they are", async () => {
    const config = "x".repeat(limits.jobBytes / 2);
    for (let index = 0; index < 5; index += 1) await world.newJob({}, { config });

    const { pages, ids } = await listed();

    expect(ids).toHaveLength(5);
    expect(Math.max(...pages.map((page) => page.length))).toBe(1);
  });

  it("may be asked for by status, those of running ones too", async () => {
    world.jobsRun(exits(HOUR_MS));
    const { job: executing } = await world.executed();
    const created = await world.newJob();
    const cancelled = await world.newJob();
    await world.rpc(jobs.cancel, { jobId: cancelled });
    await world.live(MINUTE_MS);

    expect((await listed({ filter: "status IN (EXECUTING)" })).ids).toEqual([executing]);
    expect((await listed({ filter: "status IN (CREATING,CANCELLED)" })).ids.toSorted()).toEqual(
      [created, cancelled].toSorted(),
    );
    expect((await listed({ filter: "status in ( SUCCESS )" })).ids).toEqual([]);
    expect((await listed({ filter: "  " })).ids).toHaveLength(3);
  });

  it("are filtered over all pages", async () => {
    const made = await newJobs(6);
    for (const job of made.slice(0, 2)) await world.rpc(jobs.cancel, { jobId: job });

    const { ids } = await listed({ pageSize: 1n, filter: "status IN (CANCELLED)" });

    expect(ids.toSorted()).toEqual(made.slice(0, 2).toSorted());
  });

  it.each([
    ["status = SUCCESS", 8],
    ["name IN (SUCCESS)", 1],
    ["status IN SUCCESS", 11],
    ["status IN (SUCCESS", 12],
    ["status IN (DONE)", 12],
    ["status IN (SUCCESS, success)", 21],
    ["status IN ()", 12],
    ["status IN (SUCCESS) AND x", 21],
  ])("are refused for the filter %s, with the place of the mistake", async (filter, place) => {
    const failure = await failureOf(world.rpc(jobs.list, { projectId: PROJECT, filter }));

    expect(failure.code).toBe(3);
    expect(failure.message).toContain(`filter: is wrong at character ${place}:`);
  });

  it.each([
    ["a negative page size", { pageSize: -1n }],
    ["a page size over 1000", { pageSize: 1_001n }],
    ["a token of another listing", { pageToken: "WyJwcm8iLCJ4Il0" }],
    ["a token that is none", { pageToken: "???" }],
    [
      "a token with another key",
      { pageToken: Buffer.from('["job",-1,"x"]').toString("base64url") },
    ],
    [
      "a token from beyond time",
      { pageToken: Buffer.from('["job",9e15,"x"]').toString("base64url") },
    ],
  ])("are refused for %s", async (_, request) => {
    const failure = await failureOf(world.rpc(jobs.list, { projectId: PROJECT, ...request }));

    expect(failure.code).toBe(3);
  });
});
