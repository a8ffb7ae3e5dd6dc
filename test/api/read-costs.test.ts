// One file for what calls cost on a database that bills by the row and answers in milliseconds.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { assert } from "../../shared/core/assert.ts";
import { adHocSchedule, jobId } from "../../shared/core/ids.ts";
import { attemptOperationId } from "../../shared/core/operation/attempt-operation.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { ProjectOperationService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { RunService } from "../../shared/gen/orrery/v1/run_service_pb.ts";
import { ScheduleService } from "../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { CommunityService } from "../../shared/gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { ProjectJobService } from "../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { ProjectService } from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { OperationService } from "../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import { writeJob } from "../../shared/records/job-record.ts";
import { writeAttemptPlace } from "../../shared/records/operation-record.ts";
import { writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import { tables } from "../../shared/records/tables.ts";
import { aCommunity, aProject, DEMO, LAB } from "../support/access-builders.ts";
import { anAttempt, aRun, PROJECT, START_AT } from "../support/builders.ts";
import { aStoredJob } from "../support/job-builder.ts";
import { openDoubleStore } from "../support/ydb-store.ts";
import type { Double } from "../support/ydb/double.ts";
import { startDouble } from "../support/ydb/start-double.ts";
import { bearer } from "./an-api.ts";
import { endedRun, OrreryWorld, type Headers } from "./services/orrery/orrery-world.ts";

let double: Double;
let world: OrreryWorld;
/** A viewer of the project `demo`, by a binding there, and one by a binding of its community. */
let vera: Headers;
let carl: Headers;
let databases = 0;

beforeAll(async () => {
  double = await startDouble({ leastRu: 0 });
});
afterAll(async () => await double.close());

beforeEach(async () => {
  databases += 1;
  world = new OrreryWorld({ store: openDoubleStore(double, `/costs/${databases}`, tables) });
  await world.store.transact("make-project", (tx) => {
    writeCommunity(tx, undefined, aCommunity());
    writeProject(tx, undefined, aProject());
    return Promise.resolve();
  });
  vera = await world.userOf("vera", { role: "viewer", on: DEMO });
  carl = await world.userOf("carl", { role: "viewer", on: LAB });
});
afterEach(async () => await world.close());

interface Cost {
  /** What each request asks for, as `2 runs, 1 projects`, in their order. */
  readonly requests: readonly string[];
  readonly rows: number;
  readonly snapshots: number;
}

/** What the database had to do for a call. */
async function costOf(call: () => Promise<unknown>): Promise<Cost> {
  double.reset();
  await call();
  const queries = double.log.filter(({ method }) => method === "ExecuteDataQuery");
  return {
    requests: queries.map(({ texts }) => wordsOf(texts)),
    rows: queries.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    snapshots: double.log.filter(({ method }) => method === "RollbackTransaction").length,
  };
}

function wordsOf(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    const [, table = text] = /^SELECT .* FROM `(\w+)`/s.exec(text) ?? [];
    counts.set(table, (counts.get(table) ?? 0) + 1);
  }
  return [...counts].map(([table, count]) => `${count} ${table}`).join(", ");
}

/** Of three subjects on two resources: the caller's own, and two of everybody's. */
const BINDINGS = "6 bindings";

/** The n-th job of `demo`, whose program runs; answers with the id of its operation. */
async function anExecution(n: number): Promise<string> {
  const id = jobId(`bt1job${String(n).padStart(14, "0")}`);
  const nominalAt = plusMs(START_AT, n);
  const cause = { kind: "job", job: id } as const;
  const fields = { schedule: adHocSchedule(PROJECT), nominalAt, cause, state: "running" } as const;
  const [run] = await world.writeRuns({ ...fields, attempts: [anAttempt(aRun(fields))] });
  assert(run !== undefined, "the run is written");
  await world.store.transact("job", (tx) => {
    writeJob(tx, undefined, aStoredJob({ id, createdAt: nominalAt, run: run.id }));
    writeAttemptPlace(tx, run);
    return Promise.resolve();
  });
  return attemptOperationId(run, 1);
}

describe("a call that reads one thing", () => {
  it("asks for its token and its project together, and then for all bindings", async () => {
    const { get } = ProjectService.method;

    const cost = await costOf(() => world.invoke(get, { projectId: "demo" }, vera));

    // Whoever may edit a project sees its limits, so the bindings are looked at again.
    expect(cost).toEqual({
      requests: ["1 tokens, 1 projects", BINDINGS, BINDINGS],
      rows: 4,
      snapshots: 1,
    });
  });

  it("of a run asks for the community's bindings only where the project's are not enough", async () => {
    const [run] = await world.writeRuns(endedRun("nightly", 0));
    const { get } = RunService.method;
    const ofProject = await costOf(() => world.invoke(get, { run: run?.id ?? "" }, vera));
    const ofCommunity = await costOf(() => world.invoke(get, { run: run?.id ?? "" }, carl));

    expect(ofProject).toEqual({
      requests: ["1 tokens, 1 runs", "1 projects, 3 bindings"],
      rows: 4,
      snapshots: 1,
    });
    expect(ofCommunity).toEqual({
      requests: ["1 tokens, 1 runs", "1 projects, 3 bindings", "3 bindings"],
      rows: 4,
      snapshots: 1,
    });
  });

  it("of an attempt's operation reads its run once, together with the token", async () => {
    const [run] = await world.writeRuns(endedRun("nightly", 0, { attempts: [anAttempt(aRun())] }));
    const operationId = run === undefined ? "" : attemptOperationId(run, 1);
    const { get } = OperationService.method;

    const cost = await costOf(() => world.invoke(get, { operationId }, vera));

    expect(cost).toEqual({
      requests: ["1 tokens, 1 projects, 1 runs", BINDINGS],
      rows: 4,
      snapshots: 1,
    });
  });

  it("of the operation of a job's execution reads the job besides", async () => {
    const operationId = await anExecution(0);
    const { get } = OperationService.method;

    const cost = await costOf(() => world.invoke(get, { operationId }, vera));

    expect(cost).toEqual({
      requests: ["1 tokens, 1 projects, 1 runs", BINDINGS, "1 jobs"],
      rows: 5,
      snapshots: 1,
    });
  });

  it("of a community, a job and a schedule takes no more than three requests", async () => {
    await world.schedule({ name: "nightly" });
    await anExecution(0);
    const job = jobId("bt1job00000000000000");

    const costs = [
      await costOf(() => world.invoke(CommunityService.method.get, { communityId: "lab" }, carl)),
      await costOf(() => world.invoke(ProjectJobService.method.get, { jobId: job }, vera)),
      await costOf(() => world.invoke(ScheduleService.method.get, { schedule: "nightly" }, vera)),
    ];

    expect(costs.map(({ requests }) => requests)).toEqual([
      ["1 tokens, 1 communities", "3 bindings"],
      ["1 tokens, 1 jobs", "1 projects, 3 bindings", "1 runs"],
      ["1 tokens, 1 definitions", "1 projects, 3 bindings", "1 runs, 1 outlooks, 1 accounts"],
    ]);
  });

  it("ends with its first request where its token is unknown", async () => {
    const { get } = ProjectService.method;

    const cost = await costOf(() =>
      world.refusal(get, { projectId: "demo" }, bearer("orr_unknown")),
    );

    expect(cost.requests).toEqual(["1 tokens, 1 projects"]);
  });
});

describe("a call that changes something", () => {
  it("looks for an earlier one under its key together with the bindings", async () => {
    const ed = await world.userOf("ed", { role: "editor", on: DEMO });
    const { update } = ProjectService.method;
    const request = {
      projectId: "demo",
      description: "new",
      updateMask: { paths: ["description"] },
    };
    const headers = { ...ed, "idempotency-key": "k1" };

    const { requests } = await costOf(() => world.invoke(update, request, headers));

    expect(requests.slice(0, 2)).toEqual(["1 tokens, 1 projects", "1 requests, 6 bindings"]);
  });
});

describe("a page of runs", () => {
  const { list } = RunService.method;

  it("of one schedule reads one run more than it has", async () => {
    await world.writeRuns(...Array.from({ length: 300 }, (_, index) => endedRun("even", index)));

    const cost = await costOf(async () => {
      const page = await world.invoke(list, { schedule: "even", pageSize: 100n }, vera);
      expect(page.runs).toHaveLength(100);
      expect(page.nextPageToken).not.toBe("");
    });

    expect(cost).toEqual({
      // Whether its reader may see the project is asked once, and of the community first.
      requests: ["1 tokens", "1 runs", "1 projects", "3 bindings", "3 bindings"],
      rows: 1 + 101 + 2,
      snapshots: 2,
    });
  });

  it("of one schedule reads at once what two scans are needed for", async () => {
    await world.writeRuns(...Array.from({ length: 950 }, (_, index) => endedRun("even", index)));

    const { rows } = await costOf(() => world.invoke(list, { schedule: "even", pageSize: 900n }));

    expect(rows).toBe(901);
  });

  it("of ten schedules asks for a share of each, all together", async () => {
    const names = Array.from({ length: 10 }, (_, index) => `report-${index}`);
    await world.schedule(...names.map((name) => ({ name })));
    const runs = Array.from({ length: 300 }, (_, n) => endedRun(names[n % 10] ?? "", n));
    await world.writeRuns(...runs);

    const cost = await costOf(async () => {
      const page = await world.invoke(list, { pageSize: 100n }, vera);
      expect(page.runs).toHaveLength(100);
    });

    expect(cost).toEqual({
      requests: [
        "1 tokens",
        "1 schedules, 1 projects",
        // Between each two that are expected may be others; then what is expected itself.
        "12 runs",
        "11 runs",
        ...["1 projects", "3 bindings", "3 bindings"],
      ],
      rows: 1 + 11 + 110 + 2,
      snapshots: 2,
    });
  });

  it("of many projects asks once about all that it meets", async () => {
    const projects = Array.from({ length: 20 }, (_, index) =>
      aProject({ id: `p${index}` as never }),
    );
    await world.store.transact("projects", (tx) => {
      for (const project of projects) writeProject(tx, undefined, project);
      return Promise.resolve();
    });
    const runs = projects.map(({ id }, index) => endedRun("all", index, { project: id }));
    await world.writeRuns(...runs);

    const cost = await costOf(async () => {
      expect((await world.invoke(list, { schedule: "all" }, carl)).runs).toHaveLength(20);
    });

    expect(cost.requests).toEqual([
      "1 tokens",
      "1 runs",
      "16 projects",
      "4 projects",
      "3 bindings",
    ]);
  });
});

describe("a page of something else", () => {
  it("of schedules asks for the latest runs of all together", async () => {
    await world.schedule(...["a", "b", "c", "d"].map((name) => ({ name })));
    const { list } = ScheduleService.method;

    const { requests } = await costOf(() => world.invoke(list, { pageSize: 3n }, carl));

    expect(requests).toEqual([
      ...["1 tokens", "1 schedules", "1 projects", "3 bindings"],
      // Gets of one table stand in requests by powers of two.
      ...["2 definitions", "1 definitions, 3 runs, 1 outlooks, 1 accounts"],
    ]);
  });

  it("of projects asks for the community's bindings together with its first projects", async () => {
    const { list } = ProjectService.method;

    const { requests } = await costOf(() => world.invoke(list, { communityId: "lab" }, vera));

    expect(requests).toEqual([
      "1 tokens",
      "3 bindings, 1 community_projects",
      "1 projects",
      "3 bindings",
      // Only now it is known that there is no second page.
      "1 community_projects",
    ]);
  });

  it("of communities asks for all their bindings together", async () => {
    const others = ["one", "two"].map((id) => aCommunity({ id: id as never, name: id }));
    await world.store.transact("communities", (tx) => {
      for (const other of others) writeCommunity(tx, undefined, other);
      return Promise.resolve();
    });
    const { list } = CommunityService.method;

    const { requests } = await costOf(() => world.invoke(list, { organizationId: "org" }, carl));

    expect(requests.slice(0, 3)).toEqual(["1 tokens", "1 communities", "9 bindings"]);
  });

  it("of jobs reads one more than it has, and the runs of all together", async () => {
    for (let index = 0; index < 8; index += 1) await anExecution(index);
    const { list } = ProjectJobService.method;

    const cost = await costOf(async () => {
      const page = await world.invoke(list, { projectId: "demo", pageSize: 3n }, vera);
      expect(page.jobs).toHaveLength(3);
      expect(page.nextPageToken).not.toBe("");
    });

    expect(cost.requests.slice(2)).toEqual(["1 project_jobs", "4 jobs", "4 runs"]);
    expect(cost.rows).toBe(3 + 3 * 4);
  });

  it("of operations reads what they follow in the same snapshot", async () => {
    for (let index = 0; index < 8; index += 1) await anExecution(index);
    const { list } = ProjectOperationService.method;

    const cost = await costOf(async () => {
      const page = await world.invoke(list, { projectId: "demo", pageSize: 3n }, vera);
      expect(page.operations).toHaveLength(3);
    });

    expect(cost.requests.slice(2)).toEqual([
      "1 operation_times",
      "4 runs",
      ...["2 jobs", "1 jobs"],
    ]);
    expect(cost.snapshots).toBe(1);
  });
});
