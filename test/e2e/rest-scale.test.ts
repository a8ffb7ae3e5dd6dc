import { describe, expect, it } from "vitest";
import { Home } from "./home.ts";
import { JOBS, PROJECTS, RestClient, type OperationJson } from "./rest-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

const MANY = 10_000;

interface Page {
  readonly projects?: readonly { readonly id: string; readonly name: string }[];
  readonly nextPageToken?: string;
}

/** The names on all pages of a listing, in their order, and how many pages there were. */
async function listed(
  client: RestClient,
  query: string,
): Promise<{ readonly names: readonly string[]; readonly pages: number }> {
  const names: string[] = [];
  let pages = 0;
  let token = "";
  do {
    const path = `${PROJECTS}?communityId=default&${query}&pageToken=${encodeURIComponent(token)}`;
    const { projects = [], nextPageToken = "" } = await client.json<Page>("GET", path);
    names.push(...projects.map(({ name }) => name));
    pages += 1;
    token = nextPageToken;
    expect(token.length).toBeLessThanOrEqual(100);
  } while (token !== "");
  return { names, pages };
}

/** Does a thing so often, sixteen at a time. */
async function repeat(times: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) await act(index);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

describe("ten thousand projects", () => {
  // To make them takes ten seconds of two idle cores.
  it(
    "are each listed once, in pages of any size, by pattern too",
    { timeout: 180_000 },
    async (test) => {
      const home = await Home.of(test);
      await home.write("orrery.yaml", CONFIG);
      const client = await RestClient.of(home, home.up());
      const names = Array.from(
        { length: MANY },
        (_, index) => `p${String(index).padStart(4, "0")}`,
      );

      await repeat(MANY, async (index) => {
        const request = { communityId: "default", name: names[index] };
        await client.json("POST", PROJECTS, request);
      });

      const large = await listed(client, "pageSize=1000");
      expect(large.names.toSorted()).toEqual(names);
      expect(large.pages).toBeLessThanOrEqual(MANY / 1_000 + 1);
      const small = await listed(client, "pageSize=7");
      expect(small.names).toEqual(large.names);
      const found = await listed(client, "pageSize=1000&projectNamePattern=p123");
      expect(found.names.toSorted()).toEqual(names.slice(1_230, 1_240));
    },
  );
});

interface Ledger {
  readonly entries: readonly { readonly kind: string; readonly units?: string }[];
}

describe("fifty jobs that are executed at once in a project that affords ten", () => {
  it("start ten, tell the others the numbers, and never hold more than the limit", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const client = await RestClient.of(home, home.up());
    // However long they run, ten executions may cost what an hour may.
    const limits = { maxUnitsPerHour: "8000", maxUnitsPerExecution: "800" };
    const project = await client.newProject("demo", { limits });
    // None ends, and gives units back, before all have asked.
    const cmd = `while [ ! -e '${home.path("go")}' ]; do sleep 0.1; done`;
    const jobs: string[] = [];
    await repeat(50, async () => {
      jobs.push((await client.newJob(project, { cmd })).id);
    });

    const answers = await Promise.all(
      jobs.map(async (job) => await client.ask("POST", `${JOBS}/${job}:execute`)),
    );

    const started = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect([started.length, refused.length]).toEqual([10, 40]);
    for (const { text, headers } of refused) {
      expect(JSON.parse(text)).toMatchObject({ code: 8 });
      expect(text).toContain("of 8000 units in the hour");
      expect(text).toContain("QuotaFailure");
      expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    }
    await home.write("go", "");
    for (const { text } of started) {
      const ended = await client.ended(JSON.parse(text) as OperationJson);
      expect(ended.response).toMatchObject({ result: {} });
    }
    const path = `/orrery/v1/projects/${project}/entries?pageSize=900`;
    const { entries } = await client.json<Ledger>("GET", path);
    const units = (kind: string): readonly number[] =>
      entries.filter((entry) => entry.kind === kind).map((entry) => Number(entry.units));
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(units("hold")).toEqual(Array.from({ length: 10 }, () => 800));
    expect(units("settle")).toHaveLength(10);
    expect(sum(units("settle"))).toBeLessThanOrEqual(sum(units("hold")));
    const usage = await client.json("GET", `/orrery/v1/projects/${project}/usage`);
    expect(usage).not.toHaveProperty("heldUnits");
  });
});
