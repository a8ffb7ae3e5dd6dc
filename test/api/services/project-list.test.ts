import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { communityId, projectId } from "../../../shared/core/ids.ts";
import type { Project } from "../../../shared/core/project/project.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { writeProject } from "../../../shared/records/project-record.ts";
import { START_AT } from "../../support/builders.ts";
import { ProjectWorld } from "./project-world.ts";

const { list } = ProjectService.method;

let world: ProjectWorld;
beforeEach(async () => {
  world = new ProjectWorld();
  await world.makeCommunity("lab");
});
afterEach(async () => await world.close());

async function fill(
  from: number,
  to: number,
  fields: (number: number) => Partial<Project> = () => ({}),
): Promise<void> {
  await world.store.transact("fill", async (tx) => {
    for (let number = from; number < to; number += 1) {
      const id = projectId(`p${String(number).padStart(5, "0")}`);
      writeProject(tx, undefined, {
        ...{ id, community: communityId("lab"), name: id, description: "", labels: {} },
        ...{ createdAt: START_AT, createdBy: "anna", settings: {}, diskGb: 10, restrictions: [] },
        ...fields(number),
      });
    }
    await Promise.resolve();
  });
}

type Query = Parameters<typeof page>[0];
async function page(
  query: {
    readonly pageSize?: bigint;
    readonly pageToken?: string;
    readonly projectNamePattern?: string;
    readonly ownedById?: string;
  } = {},
  headers?: Readonly<Record<string, string>>,
) {
  return await world.invoke(list, { communityId: "lab", ...query }, headers);
}

/** Ids of every page, page by page. */
async function walk(
  query: Query,
  headers?: Readonly<Record<string, string>>,
): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let pageToken = "";
  do {
    const { projects, nextPageToken } = await page({ ...query, pageToken }, headers);
    pages.push(projects.map(({ id }) => id));
    expect(nextPageToken.length).toBeLessThanOrEqual(100);
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return pages;
}

describe("a listing of projects", () => {
  it("has pages of a hundred unless it is asked for others", async () => {
    await fill(0, 250);

    const pages = await walk({});

    expect(pages.map((ids) => ids.length)).toEqual([100, 100, 50]);
    expect(new Set(pages.flat()).size).toBe(250);
    expect((await walk({ pageSize: 250n })).map((ids) => ids.length)).toEqual([250]);
  });

  it("goes on behind the last page, whatever was made or deleted since", async () => {
    await fill(10, 20);
    const first = await page({ pageSize: 5n });
    await fill(0, 10);
    await fill(20, 22);
    await world.invoke(ProjectService.method.delete, { projectId: "p00014" });

    const { projects } = await page({ pageToken: first.nextPageToken });

    expect(projects.map(({ id }) => id)).toEqual([
      ...["p00015", "p00016", "p00017", "p00018", "p00019"],
      ...["p00020", "p00021"],
    ]);
  });

  it.each(["x", "WyJqb2JzIiwicCJd", "A".repeat(101)])(
    "refuses a token that is not its own: %s",
    async (pageToken) => {
      expect((await world.refusal(list, { communityId: "lab", pageToken })).code).toBe(3);
    },
  );

  it.each([-1n, 1_001n])("refuses a page of %d", async (pageSize) => {
    expect((await world.refusal(list, { communityId: "lab", pageSize })).code).toBe(3);
  });

  it("finds names by a part of them in any case, and by a whole pattern", async () => {
    const names = ["Forecast", "forecast-2", "old-forecast", "report"];
    await fill(0, 4, (number) => ({ name: names[number]?.toLowerCase() ?? "" }));
    const found = async (projectNamePattern: string) =>
      (await page({ projectNamePattern })).projects.map(({ name }) => name);

    expect(await found("CAST")).toEqual(["forecast", "forecast-2", "old-forecast"]);
    expect(await found("forecast*")).toEqual(["forecast", "forecast-2"]);
    expect(await found("forecast-?")).toEqual(["forecast-2"]);
    expect(await found("*cast")).toEqual(["forecast", "old-forecast"]);
    expect(await found("nothing")).toEqual([]);
  });

  it("finds what somebody created", async () => {
    await fill(0, 6, (number) => ({ createdBy: number % 3 === 0 ? "boris" : "anna" }));

    const { projects } = await page({ ownedById: "boris" });

    expect(projects.map(({ id }) => id)).toEqual(["p00000", "p00003"]);
  });

  it("shows what its caller may look at: one project, or a whole community", async () => {
    await fill(0, 300);
    const vic = await world.userOf("vic", { role: "viewer", project: "p00207" });
    const eva = await world.userOf("eva", { role: "viewer" });
    const nobody = await world.userOf("nobody");

    expect((await walk({ pageSize: 50n }, vic)).flat()).toEqual(["p00207"]);
    expect((await walk({ pageSize: 1_000n }, eva)).flat()).toHaveLength(300);
    expect((await walk({}, nobody)).flat()).toEqual([]);
  });

  it("tells nobody but the platform that there is no such community", async () => {
    const nobody = await world.userOf("nobody");

    expect((await world.refusal(list, { communityId: "nowhere" })).code).toBe(5);
    expect(await world.invoke(list, { communityId: "nowhere" }, nobody)).toMatchObject({
      projects: [],
      nextPageToken: "",
    });
  });

  it("ends a page before its answer gets too large for a client", async () => {
    const label = (number: number) => [`key-${number}`, "v".repeat(63)];
    const labels = Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => label(index)),
    ) as Record<string, string>;
    await fill(0, 400, () => ({ labels }));

    const pages = await walk({ pageSize: 1_000n });

    expect(pages.flat()).toHaveLength(400);
    expect(pages.length).toBeGreaterThan(1);
  });

  it("comes to the end of ten thousand projects", async () => {
    await fill(0, 10_000);
    const vic = await world.userOf("vic", { role: "viewer", project: "p09999" });

    const pages = await walk({ pageSize: 1_000n });

    expect(pages.map((ids) => ids.length)).toEqual(Array.from({ length: 10 }, () => 1_000));
    expect((await walk({ pageSize: 1_000n }, vic)).flat()).toEqual(["p09999"]);
  });
});
