import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { communityId, executionId, projectId } from "../../shared/core/ids.ts";
import type { NotebookExecution } from "../../shared/core/notebook/notebook-execution.ts";
import type { Project, Restriction } from "../../shared/core/project/project.ts";
import { writeExecution } from "../../shared/records/execution-record.ts";
import { writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import { ensureCommunity } from "../../shared/usecases/communities/ensure-community.ts";
import { adHocRun, startAdHoc } from "../../shared/usecases/start-ad-hoc.ts";
import { PROJECT, START_AT } from "../support/builders.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  await world.close();
});

const only = (...strings: readonly string[]): Restriction => ({
  name: "ALLOWED_INSTANCE_TYPES",
  bools: [],
  longs: [],
  strings,
});

async function restrict(project: readonly Restriction[], community: readonly Restriction[] = []) {
  await world.store.transact("restrict", async (tx) => {
    const holder = await ensureCommunity(tx, communityId("team"), START_AT);
    writeCommunity(tx, holder, { ...holder, restrictions: community });
    const row: Project = {
      id: projectId(PROJECT),
      community: holder.id,
      name: "",
      description: "",
      labels: {},
      createdAt: START_AT,
      createdBy: "orrery",
      settings: {},
      diskGb: 10,
      restrictions: project,
    };
    writeProject(tx, undefined, row);
  });
}

async function start(...instanceTypes: readonly [string, ...string[]]): Promise<void> {
  await world.store.transact("start", async (tx) => {
    const request = {
      project: PROJECT,
      cause: { kind: "notebook", execution: executionId("e-1") },
      createdBy: "ann",
    } as const;
    const run = adHocRun(request, START_AT);
    const execution: NotebookExecution = {
      id: executionId("e-1"),
      project: PROJECT,
      createdAt: START_AT,
      createdBy: "ann",
      apiVersion: "v2",
      definition: {
        kind: "notebook",
        target: { kind: "notebook", path: "a.ipynb" },
        variables: {},
        outputVariables: [],
        instanceTypes,
      },
      run: run.id,
    };
    writeExecution(tx, execution);
    await startAdHoc(tx, run, { now: START_AT });
  });
}

describe("work that a caller starts", () => {
  it("runs on an instance type that is allowed", async () => {
    await restrict([only("c1.4", "g1.1")], [only("c1.4")]);

    await expect(start("c1.4")).resolves.toBeUndefined();
  });

  it.each([
    ["its project", [only("c1.8")], []],
    ["its community", [], [only("c1.8")]],
  ])("is refused where %s does not allow its instance type", async (_name, project, community) => {
    await restrict(project, community);

    await expect(start("c1.4")).rejects.toMatchObject({ code: "RESTRICTED" });
    await expect(start("c1.8", "c1.4")).rejects.toMatchObject({ code: "RESTRICTED" });
    await expect(start("c1.8")).resolves.toBeUndefined();
  });
});
