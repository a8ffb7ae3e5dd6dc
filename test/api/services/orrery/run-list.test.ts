// Longer than most: what a listing shows, in which order, and what a page of it reads.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { limits } from "../../../../shared/core/limits.ts";
import type { Run } from "../../../../shared/core/run/run.ts";
import { MINUTE_MS } from "../../../../shared/core/time/duration.ts";
import { plusMs } from "../../../../shared/core/time/instant.ts";
import { DeliveryService } from "../../../../shared/gen/orrery/v1/delivery_service_pb.ts";
import {
  RunService,
  type ListRunsRequest,
} from "../../../../shared/gen/orrery/v1/run_service_pb.ts";
import { ScheduleService } from "../../../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { START_AT } from "../../../support/builders.ts";
import { PLATFORM } from "../../an-api.ts";
import { allPages, endedRun, onProject, OrreryWorld, type Headers } from "./orrery-world.ts";

const { list } = RunService.method;

let world: OrreryWorld;
beforeEach(() => {
  world = new OrreryWorld();
});
afterEach(async () => await world.close());

type Asked = Partial<Pick<ListRunsRequest, "schedule" | "state" | "pageSize">>;

/** The ids of a listing, page by page. */
async function pagesOf(
  asked: Asked,
  headers: Headers = PLATFORM,
  meanwhile: () => Promise<unknown> = async () => await Promise.resolve(),
): Promise<readonly (readonly string[])[]> {
  return await allPages(async (pageToken) => {
    const { runs, nextPageToken } = await world.invoke(list, { ...asked, pageToken }, headers);
    await meanwhile();
    return { items: runs.map(({ run }) => run), next: nextPageToken };
  });
}

/** As a listing orders runs: latest nominal time first, then by id from the last. */
function inOrder(runs: readonly Run[]): readonly string[] {
  return runs
    .toSorted((a, b) => b.nominalAt - a.nominalAt || (a.id < b.id ? 1 : -1))
    .map(({ id }) => id);
}

/** Runs of three schedules, some at one instant; the names differ where ids are compared. */
async function threeHundred(): Promise<readonly Run[]> {
  const names = ["hourly", "hourly-a", "hourly0"];
  const runs = Array.from({ length: 300 }, (_, index) => {
    const schedule = names[index % 3] ?? "";
    // Every fourth instant is shared by six runs, two of each schedule.
    const minutes = Math.floor(index / (index % 4 === 0 ? 12 : 3));
    return endedRun(schedule, minutes, { cause: { kind: "person", id: String(index) } });
  });
  return await world.writeRuns(...runs);
}

describe("a listing of 300 runs of three schedules", () => {
  it("visits each once and in order, by pages of 7", async () => {
    const runs = await threeHundred();

    const pages = await pagesOf({ pageSize: 7n });

    expect(pages.flat()).toEqual(inOrder(runs));
    expect(pages).toHaveLength(Math.ceil(300 / 7));
    expect(pages.slice(0, -1).every((page) => page.length === 7)).toBe(true);
  });

  it("ends with its last full page", async () => {
    await threeHundred();

    expect((await pagesOf({ pageSize: 100n })).map((page) => page.length)).toEqual([100, 100, 100]);
  });

  it("has a hundred on a page where nobody says how many", async () => {
    await threeHundred();

    expect((await world.invoke(list, {})).runs).toHaveLength(100);
  });

  it("visits each once and in order while others are added before, behind and among them", async () => {
    const runs = await threeHundred();
    let added = 0;

    const pages = await pagesOf({ pageSize: 7n }, PLATFORM, async () => {
      added += 1;
      const cause = { kind: "message", id: `late-${added}` } as const;
      await world.writeRuns(
        endedRun("hourly", 200 + added, { cause }),
        endedRun("another", 50, { cause }),
        endedRun("hourly0", added, { cause }),
      );
    });

    const first = new Set(inOrder(runs));
    const seen = pages.flat();
    expect(seen.filter((id) => first.has(id))).toEqual(inOrder(runs));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(300);
  });

  it("goes through more runs of one instant than any page holds, one by one", async () => {
    const runs = await world.writeRuns(
      ...Array.from({ length: 150 }, (_, index) =>
        endedRun("burst", 0, { cause: { kind: "message", id: String(index) } }),
      ),
    );

    expect((await pagesOf({ pageSize: 1n })).flat()).toEqual(inOrder(runs));
  });
});

describe("a listing of all runs", () => {
  it("has those of schedules that nobody has heard of, wherever their names sort", async () => {
    await world.schedule({ name: "b" }, { name: "b-b" }, { name: "m" }, { name: "never-fired" });
    const names = ["0", "9z", "_demo", "_gone", "a", "a-z", "b", "b-a", "b-b", "b-b0", "b0", "m"];
    const runs = await world.writeRuns(
      ...[...names, "n", "zz"].map((name, index) => endedRun(name, index)),
    );

    expect((await pagesOf({ pageSize: 4n })).flat()).toEqual(inOrder(runs));
  });

  it("has the latest of one that runs more often than all others", async () => {
    const names = ["busy", ...Array.from({ length: 9 }, (_, index) => `rare-${index}`)];
    await world.schedule(...names.map((name) => ({ name })));
    const rare = names.slice(1).map((name, index) => endedRun(name, 10 * index));
    const busy = Array.from({ length: 200 }, (_, index) => endedRun("busy", index));
    const runs = await world.writeRuns(...rare, ...busy);

    expect((await pagesOf({ pageSize: 30n })).flat()).toEqual(inOrder(runs));
  });
});

describe("a listing of one schedule", () => {
  it("has its runs alone, also where the schedule is no longer configured", async () => {
    const runs = await threeHundred();
    const wanted = runs.filter(({ schedule }) => schedule === "hourly-a");

    expect((await pagesOf({ schedule: "hourly-a", pageSize: 9n })).flat()).toEqual(inOrder(wanted));
  });

  it("has the ad hoc runs of a project under their own name", async () => {
    const [run] = await world.writeRuns(
      endedRun("_demo", 1, { cause: { kind: "job", job: "j1" as never } }),
      endedRun("nightly", 2),
    );

    expect((await pagesOf({ schedule: "_demo" })).flat()).toEqual([run?.id]);
  });

  it("is empty for a name that nothing has", async () => {
    await threeHundred();

    expect(await pagesOf({ schedule: "nobody" })).toEqual([[]]);
  });
});

describe("a listing of the runs in one state", () => {
  it("has those alone, however rare they are, and each once", async () => {
    const runs = await world.writeRuns(
      ...Array.from({ length: 400 }, (_, index) =>
        endedRun(index % 2 === 0 ? "even" : "odd", index, {
          state: index % 57 === 0 ? "failed" : "succeeded",
        }),
      ),
    );
    const failed = runs.filter(({ state }) => state === "failed");

    const pages = await pagesOf({ state: "failed", pageSize: 3n });

    expect(failed).toHaveLength(8);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 2]);
    expect(pages.flat()).toEqual(inOrder(failed));
  });

  it("is refused with the states there are for a word that is none", async () => {
    const { code, message } = await world.refusal(list, { state: "done" });

    expect(code).toBe(Code.INVALID_ARGUMENT);
    expect(message).toContain("there is no state done");
  });
});

describe("a listing of a caller who may see one project", () => {
  /** Runs of `other`, with one of `demo` after every hundred. */
  async function mostlyHidden(): Promise<readonly Run[]> {
    await world.schedule({ name: "mine" }, { name: "theirs", project: "other" });
    const runs = Array.from({ length: 300 }, (_, index) =>
      index % 100 === 50
        ? endedRun("mine", index)
        : endedRun("theirs", index, { project: "other" as never }),
    );
    return (await world.writeRuns(...runs)).filter(({ project }) => project === "demo");
  }

  it("has that project's runs alone, each once, and no page that is empty for the others", async () => {
    const mine = await mostlyHidden();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });

    expect(await pagesOf({ pageSize: 1n }, vera)).not.toContainEqual([]);
    expect((await pagesOf({ pageSize: 1n }, vera)).flat()).toEqual(inOrder(mine));
    expect((await pagesOf({ pageSize: 900n }, vera)).flat()).toEqual(inOrder(mine));
    expect((await pagesOf({}, PLATFORM)).flat()).toHaveLength(300);
  });

  it("goes on behind more hidden runs than one page searches, and names none of them", async () => {
    await world.schedule({ name: "mine" }, { name: "theirs", project: "other" });
    const left = 100;
    const minutes = (n: number): number => 10 + Math.floor(n / 7);
    const project = "other" as never;
    const hidden = Array.from({ length: limits.runSearchRows + left }, (_, n) =>
      endedRun("theirs", minutes(n), { project, cause: { kind: "message", id: String(n) } }),
    );
    // The search reaches its end among the runs of one instant, where one of ours is behind others.
    hidden.push(endedRun("also-theirs", minutes(left), { project }));
    const ours = [endedRun("mine", minutes(left)), endedRun("mine", 0)];
    const [sameInstant, last] = await world.writeRuns(...ours, ...hidden);
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });

    const first = await world.invoke(list, {}, vera);
    const second = await world.invoke(list, { pageToken: first.nextPageToken }, vera);

    expect(first.runs.map(({ run }) => run)).toEqual([sameInstant?.id]);
    expect(Buffer.from(first.nextPageToken, "base64url").toString()).not.toContain("theirs");
    expect(second.runs.map(({ run }) => run)).toEqual([last?.id]);
    expect(second.nextPageToken).toBe("");
  });

  it("has nothing in its page tokens about what it does not show", async () => {
    await mostlyHidden();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });

    const { nextPageToken } = await world.invoke(list, { pageSize: 1n }, vera);

    expect(nextPageToken).not.toBe("");
    expect(Buffer.from(nextPageToken, "base64url").toString()).not.toContain("theirs");
  });

  it("has no schedule of another project, though it names it", async () => {
    await mostlyHidden();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });

    expect(await pagesOf({ schedule: "theirs" }, vera)).toEqual([[]]);
  });

  it("loses the runs of a project that is deleted, which the platform still sees", async () => {
    const mine = await mostlyHidden();
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    await world.deleteProject("demo");

    expect((await pagesOf({}, vera)).flat()).toEqual([]);
    expect((await pagesOf({ schedule: "mine" })).flat()).toEqual(inOrder(mine));
  });

  it("is empty for a caller without any role, and refused for one without a token", async () => {
    await mostlyHidden();

    expect((await pagesOf({}, await world.userOf("nobody"))).flat()).toEqual([]);
    expect((await world.refusal(list, {}, {})).code).toBe(Code.UNAUTHENTICATED);
  });
});

describe("a page of runs", () => {
  it("is cut where it would be larger than a client takes, and the next one goes on", async () => {
    const run = endedRun("wide", 0);
    const outputs = Array.from({ length: 100 }, (_, index) => ({
      path: `${index}-${"x".repeat(500)}`,
      sha256: "0".repeat(64),
      bytes: 1,
    }));
    const attempt = {
      number: 1,
      operation: "demo.0" as never,
      admittedAt: START_AT,
      instanceType: "c1.4",
      rate: 4,
      unitsHeld: 4,
      softLimitMs: MINUTE_MS,
      hardLimitMs: MINUTE_MS,
      polls: 0,
      end: { endedAt: START_AT, unitsSettled: 4, outputs },
    };
    const runs = await world.writeRuns(
      ...Array.from({ length: 50 }, (_, index) => ({
        ...run,
        nominalAt: plusMs(START_AT, index),
        attempts: [attempt],
      })),
    );

    const pages = await pagesOf({ pageSize: 50n });

    expect(pages.length).toBeGreaterThan(2);
    expect(pages.flat()).toEqual(inOrder(runs));
  });

  it.each([
    ["another listing's", encodePageToken("schedules", ["nightly"])],
    ["none at all", "xyz"],
    ["cut short", encodePageToken("runs", ["nightly.20270115T000000Z.00000000"]).slice(0, -4)],
    ["that of no run", encodePageToken("runs", ["nightly"])],
    ["of a time that never is", encodePageToken("runs", [-7])],
  ])("is refused for a token that is %s", async (_what, pageToken) => {
    await threeHundred();

    const failure = await world.refusal(list, { pageToken });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain("page_token");
  });

  it("has a token that no other listing takes", async () => {
    await threeHundred();
    await world.schedule({});
    const { nextPageToken } = await world.invoke(list, { pageSize: 1n });

    const ofDeliveries = DeliveryService.method.list;
    const ofSchedules = ScheduleService.method.list;

    const refusals = [
      await world.refusal(ofDeliveries, { pageToken: nextPageToken }),
      await world.refusal(ofSchedules, { pageToken: nextPageToken }),
    ];

    expect(refusals.map(({ code }) => code)).toEqual([
      Code.INVALID_ARGUMENT,
      Code.INVALID_ARGUMENT,
    ]);
  });

  it.each([-1n, 901n, 2n ** 62n])("is refused where it is to hold %s runs", async (pageSize) => {
    const failure = await world.refusal(list, { pageSize });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain("page_size");
  });
});
