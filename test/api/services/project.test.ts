// One file for what Create and Update have in common: fields, limits, balance and disk.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { ProjectService as ProjectServiceV1 } from "../../../shared/gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import { Project_Settings_Ide } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { readAccount, scanEntries } from "../../../shared/records/account-record.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { exits } from "../../support/scripted-executor.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { detail, failureOf } from "../an-api.ts";
import { metadataOf, ProjectWorld, responseOf } from "./project-world.ts";

const v1 = ProjectServiceV1.method;
const v2 = ProjectService.method;

let world: ProjectWorld;
beforeEach(() => {
  world = new ProjectWorld({ seenStore: rerunningStore });
});
afterEach(async () => await world.close());

const mask = (...paths: readonly string[]) => ({ paths: [...paths] });
const withKey = (headers: Readonly<Record<string, string>>) => ({
  ...headers,
  "idempotency-key": "0f5d2c8e",
});
/** The fields that a refused call named. */
async function wrongFields(call: Promise<unknown>): Promise<readonly string[]> {
  const { fieldViolations } = detail(await failureOf(call), BadRequestSchema);
  return fieldViolations.map(({ field }) => field);
}
const entriesOf = async (project: string) =>
  await world.store.snapshot(
    async (reader) => await scanEntries(reader, projectId(project), { limit: 100 }),
  );

describe("a project that is created", () => {
  it("is there at once, with everything its caller said of it", async () => {
    await world.makeCommunity("lab");
    const said = {
      name: "forecast",
      description: "Demand by region",
      labels: { team: "ml" },
      settings: { subnetId: "subnet-1", vmInactivityTimeout: durationFromMs(1_800_000) },
      limits: { maxUnitsPerHour: 5_000n },
    };

    const made = await world.invoke(v2.create, { communityId: "lab", ...said });

    const { projectId: id } = metadataOf(made) as unknown as { readonly projectId: string };
    expect(id).toMatch(/^bt1[a-z0-9]{17}$/);
    const project = await world.invoke(v2.get, { projectId: id });
    expect(responseOf(made)).toEqual(project);
    expect(project).toMatchObject({ ...said, id, communityId: "lab", createdById: "orrery" });
    expect(project.limits?.maxUnitsPerExecution).toBeUndefined();
    expect(made).toMatchObject({ done: true, description: "Create project" });
    expect(await world.files.usedBytes(projectId(id))).toBe(0);
  });

  it("has its caller as admin, who needs no more than developer to create it", async () => {
    await world.makeCommunity("lab");
    const anna = await world.userOf("anna", { role: "developer" });
    const id = await world.newProject({ name: "annas" }, anna);

    const balance = { projectId: id, unitBalance: 100n };
    expect((await world.invoke(v2.setUnitBalance, balance, anna)).done).toBe(true);
    const { accessBindings } = await world.invoke(v2.listAccessBindings, { resourceId: id }, anna);
    expect(accessBindings).toMatchObject([
      { roleId: "datasphere.community-projects.admin", subject: { id: "anna" } },
    ]);
  });

  it("has no admin where the platform itself created it", async () => {
    const id = await world.newProject();

    const { accessBindings } = await world.invoke(v2.listAccessBindings, { resourceId: id });

    expect(accessBindings).toEqual([]);
  });

  it("needs a name that is free in its community; an empty one is free to all", async () => {
    await world.makeCommunity("other");
    const first = await world.newProject({ name: "forecast" });
    await world.newProject();
    await world.newProject();

    const taken = await world.refusal(v2.create, { communityId: "lab", name: "forecast" });
    const elsewhere = await world.invoke(v2.create, { communityId: "other", name: "forecast" });

    expect(taken.code).toBe(6);
    expect(taken.message).toContain(first);
    expect(elsewhere.done).toBe(true);
  });

  it("needs a community that is there", async () => {
    const anna = await world.userOf("anna");

    expect((await world.refusal(v2.create, { communityId: "nowhere" })).code).toBe(5);
    expect((await world.refusal(v2.create, { communityId: "nowhere" }, anna)).code).toBe(7);
  });

  it.each([
    ["settings.default_dedicated_spec", { settings: { defaultDedicatedSpec: "c9.99" } }],
    ["limits.max_units_per_hour", { limits: { maxUnitsPerHour: -1n } }],
    ["limits.max_units_per_execution", { limits: { maxUnitsPerExecution: 1n << 53n } }],
    [
      "settings.vm_inactivity_timeout",
      { settings: { vmInactivityTimeout: { seconds: 1n << 60n, nanos: 0 } } },
    ],
    [
      "settings.vm_inactivity_timeout",
      { settings: { vmInactivityTimeout: { seconds: -5n, nanos: 0 } } },
    ],
    ["settings.ide", { settings: { ide: 77 as never } }],
    ["settings.stale_exec_timeout_mode", { settings: { staleExecTimeoutMode: 9 as never } }],
  ])("is refused for a wrong %s, and leaves nothing behind", async (field, wrong) => {
    await world.makeCommunity("lab");

    const created = world.invoke(v2.create, { communityId: "lab", name: "x", ...wrong });

    expect(await wrongFields(created)).toEqual([field]);
    expect((await world.invoke(v2.list, { communityId: "lab" })).projects).toEqual([]);
  });

  it("is refused with all wrong settings and limits at once", async () => {
    await world.makeCommunity("lab");

    const created = world.invoke(v2.create, {
      communityId: "lab",
      settings: { ide: 77 as never },
      limits: { maxUnitsPerHour: -1n, maxUnitsPerExecution: -2n },
    });

    expect(await wrongFields(created)).toEqual([
      "settings.ide",
      "limits.max_units_per_hour",
      "limits.max_units_per_execution",
    ]);
  });

  it("is one, however often the same request comes under the same key", async () => {
    await world.makeCommunity("lab");
    const anna = withKey(await world.userOf("anna", { role: "developer" }));
    const request = { communityId: "lab", name: "forecast" };

    const first = await world.invoke(v2.create, request, anna);
    const again = await world.invoke(v2.create, request, anna);

    expect(again).toEqual(first);
    expect((await world.invoke(v2.list, { communityId: "lab" })).projects).toHaveLength(1);
  });
});

describe("a project that is created through v1", () => {
  it("makes its folder, where the platform asks", async () => {
    const made = await world.invoke(v1.create, {
      folderId: "b1gfolder",
      name: "old-style",
      settings: { subnetId: "subnet-1" },
      limits: { maxUnitsPerExecution: 600n },
    });

    const project = responseOf(made) as unknown as { readonly id: string };
    expect(project).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v1.Project",
      folderId: "b1gfolder",
      settings: { subnetId: "subnet-1" },
      limits: { maxUnitsPerExecution: 600n },
    });
    expect(made.metadata?.typeUrl).toContain("datasphere.v1.CreateProjectMetadata");
    const { projects } = await world.invoke(v2.list, { communityId: "b1gfolder" });
    expect(projects.map(({ id }) => id)).toEqual([project.id]);
    expect((await world.invoke(v1.list, { folderId: "b1gfolder" })).projects).toEqual([project]);
  });

  it("needs the role in a folder that is there, where anybody else asks", async () => {
    const anna = await world.userOf("anna");

    expect((await world.refusal(v1.create, { folderId: "b1gfolder" }, anna)).code).toBe(7);
    expect((await world.refusal(v2.list, { communityId: "b1gfolder" })).code).toBe(5);
  });
});

describe("an update of a project", () => {
  it("changes what its mask names, and resets what the mask names and the request lacks", async () => {
    const id = await world.newProject({
      name: "forecast",
      labels: { team: "ml" },
      settings: { subnetId: "subnet-1", ide: Project_Settings_Ide.JUPYTER_LAB },
      limits: { maxUnitsPerHour: 5_000n, maxUnitsPerExecution: 600n },
    });

    const done = await world.invoke(v2.update, {
      projectId: id,
      updateMask: mask("description", "labels", "settings.subnet_id", "limits.max_units_per_hour"),
      description: "New",
      settings: { subnetId: "subnet-2" },
    });

    const project = await world.invoke(v2.get, { projectId: id });
    expect(responseOf(done)).toEqual(project);
    expect(project).toMatchObject({ name: "forecast", description: "New", labels: {} });
    expect(project.settings).toMatchObject({
      subnetId: "subnet-2",
      ide: Project_Settings_Ide.JUPYTER_LAB,
    });
    expect(project.limits).toEqual({
      $typeName: "yandex.cloud.datasphere.v2.Project.Limits",
      maxUnitsPerExecution: 600n,
    });
  });

  it("overwrites every field without a mask", async () => {
    const id = await world.newProject({ name: "forecast", description: "Old", labels: { a: "b" } });

    await world.invoke(v2.update, { projectId: id, name: "renamed" });

    expect(await world.invoke(v2.get, { projectId: id })).toMatchObject({
      name: "renamed",
      description: "",
      labels: {},
    });
  });

  it("is refused for a field that is not there or never changes", async () => {
    const id = await world.newProject();

    for (const path of ["title", "community_id"]) {
      const refused = await world.refusal(v2.update, { projectId: id, updateMask: mask(path) });
      expect([refused.code, refused.message]).toEqual([3, expect.stringContaining(path)]);
    }
  });

  it("moves its name: the old one is free, and a taken one is refused", async () => {
    const first = await world.newProject({ name: "one" });
    const second = await world.newProject({ name: "two" });
    const rename = { projectId: second, updateMask: mask("name"), name: "one" };

    expect((await world.refusal(v2.update, rename)).code).toBe(6);
    await world.invoke(v2.update, { projectId: first, updateMask: mask("name"), name: "three" });

    expect((await world.invoke(v2.update, rename)).done).toBe(true);
    expect((await world.invoke(v2.update, rename)).done).toBe(true);
  });

  it("of limits needs an admin, also where the lack of a mask would reset them", async () => {
    const id = await world.newProject({ limits: { maxUnitsPerHour: 5_000n } });
    const eva = await world.userOf("eva", { role: "editor", project: id });

    const named = { projectId: id, updateMask: mask("limits"), limits: {} };
    const without = { projectId: id, description: "New" };

    expect((await world.refusal(v2.update, named, eva)).code).toBe(7);
    expect((await world.refusal(v2.update, without, eva)).code).toBe(7);
    const rest = { ...without, updateMask: mask("description") };
    expect((await world.invoke(v2.update, rest, eva)).done).toBe(true);
    const project = await world.invoke(v2.get, { projectId: id });
    expect(project).toMatchObject({ description: "New", limits: { maxUnitsPerHour: 5_000n } });
  });

  it("without a mask is an editor's to make where there are no limits", async () => {
    const id = await world.newProject({ name: "open" });
    const eva = await world.userOf("eva", { role: "editor", project: id });

    const done = await world.invoke(v2.update, { projectId: id, name: "open-2" }, eva);

    expect(done.done).toBe(true);
  });

  it("of v1 leaves alone what v1 does not know", async () => {
    const id = await world.newProject({
      labels: { team: "ml" },
      settings: { subnetId: "subnet-1", ide: Project_Settings_Ide.JUPYTER_LAB },
      limits: { maxUnitsPerHour: 5_000n },
    });

    const done = await world.invoke(v1.update, {
      projectId: id,
      name: "old-style",
      settings: { securityGroupIds: ["sg-1"] },
      limits: { maxUnitsPerExecution: 60n },
    });

    expect(done.metadata?.typeUrl).toContain("datasphere.v1.UpdateProjectMetadata");
    const project = await world.invoke(v2.get, { projectId: id });
    expect(project).toMatchObject({ name: "old-style", labels: { team: "ml" } });
    expect(project.settings).toMatchObject({
      subnetId: "",
      securityGroupIds: ["sg-1"],
      ide: Project_Settings_Ide.JUPYTER_LAB,
    });
    expect(project.limits).toMatchObject({ maxUnitsPerExecution: 60n });
    expect(project.limits?.maxUnitsPerHour).toBeUndefined();
    const paths = mask("settings.service_account_id", "description");
    await world.invoke(v1.update, { projectId: id, updateMask: paths, description: "d" });
    expect(await world.invoke(v1.get, { projectId: id })).toMatchObject({
      name: "old-style",
      description: "d",
      settings: { securityGroupIds: ["sg-1"] },
    });
  });
});

describe("the limits of a project", () => {
  it("are seen by editors, and by nobody below", async () => {
    const id = await world.newProject({ limits: { maxUnitsPerHour: 5_000n } });
    const eva = await world.userOf("eva", { role: "editor", project: id });
    const vic = await world.userOf("vic", { role: "viewer", project: id });
    const seenBy = async (headers: Readonly<Record<string, string>>) => {
      const project = await world.invoke(v2.get, { projectId: id }, headers);
      const old = await world.invoke(v1.get, { projectId: id }, headers);
      const { projects } = await world.invoke(v2.list, { communityId: "lab" }, headers);
      return [project, old, ...projects].map(({ limits }) => limits?.maxUnitsPerHour);
    };

    expect(await seenBy(eva)).toEqual([5_000n, 5_000n, 5_000n]);
    expect(await seenBy(vic)).toEqual([undefined, undefined, undefined]);
  });

  it("are not shown to a viewer by the operation that set them either", async () => {
    const id = await world.newProject();
    const vic = await world.userOf("vic", { role: "viewer", project: id });
    const updateMask = mask("limits");
    const limits = { maxUnitsPerHour: 5_000n };

    const done = await world.invoke(v2.update, { projectId: id, updateMask, limits });

    expect(responseOf(done)).toMatchObject({ limits });
    const seen = responseOf(await world.operation(done.id, vic));
    expect(seen).toMatchObject({ id });
    expect(seen).not.toHaveProperty("limits");
  });
});

describe("the balance of a project", () => {
  it("is unset until somebody sets it, and the ledger says who did", async () => {
    await world.makeCommunity("lab");
    const anna = await world.userOf("anna", { role: "developer" });
    const id = await world.newProject({}, anna);
    const balance = async () =>
      (await world.invoke(v2.getUnitBalance, { projectId: id }, anna)).unitBalance;

    expect(await balance()).toBeUndefined();
    const set = await world.invoke(v2.setUnitBalance, { projectId: id, unitBalance: 700n }, anna);
    expect(await balance()).toBe(700n);
    await world.invoke(v2.setUnitBalance, { projectId: id }, anna);
    expect(await balance()).toBeUndefined();

    expect(set.metadata?.typeUrl).toContain("v2.SetUnitBalanceMetadata");
    expect(responseOf(set)).toMatchObject({ $typeName: "google.protobuf.Empty" });
    expect(await entriesOf(id)).toMatchObject([
      { kind: "setBalance", units: 700, reason: "by anna" },
      { kind: "setBalance", units: null, reason: "by anna" },
    ]);
  });

  it("is set at once through v1, and once under one key", async () => {
    const id = await world.newProject();
    const request = { projectId: id, unitBalance: 900n };
    const headers = withKey({ authorization: "Bearer token" });

    const answer = await world.invoke(v1.setUnitBalance, request, headers);
    await world.invoke(v1.setUnitBalance, request, headers);

    expect(answer).toEqual({ $typeName: "google.protobuf.Empty" });
    expect(await world.invoke(v1.getUnitBalance, { projectId: id })).toMatchObject({
      unitBalance: 900n,
    });
    expect(await entriesOf(id)).toHaveLength(1);
  });

  it.each([-1n, 1n << 53n])("is not %d", async (unitBalance) => {
    const id = await world.newProject();

    expect((await world.refusal(v2.setUnitBalance, { projectId: id, unitBalance })).code).toBe(3);
  });

  it("is an editor's to see and an admin's to set", async () => {
    const id = await world.newProject();
    const eva = await world.userOf("eva", { role: "editor", project: id });
    const vic = await world.userOf("vic", { role: "developer", project: id });

    expect((await world.refusal(v2.getUnitBalance, { projectId: id }, vic)).code).toBe(7);
    await world.invoke(v2.getUnitBalance, { projectId: id }, eva);
    expect((await world.refusal(v2.setUnitBalance, { projectId: id }, eva)).code).toBe(7);
  });
});

describe("the disk of a project", () => {
  const GB = 1024 ** 3;

  it("grows and shrinks, and tells what it holds", async () => {
    const id = await world.newProject();
    await world.writeFile(id, "data.bin", GB / 64);

    const grown = await world.invoke(v2.resizeDisk, { projectId: id, newDiskSizeGb: 20n });

    expect(metadataOf(grown)).toMatchObject({ oldDiskSizeGb: 10n, newDiskSizeGb: 20n });
    expect(responseOf(grown)).toMatchObject({
      projectId: id,
      diskSizeGb: 20,
      diskUsedGb: 1 / 64,
      detailedUsage: { userDataGb: 1 / 64, freeSpaceGb: 20 - 1 / 64 },
    });
  });

  it.each([-1n, 0n, 9n, 4_097n, 1n << 60n])("does not have %d GB", async (newDiskSizeGb) => {
    const id = await world.newProject();

    expect((await world.refusal(v2.resizeDisk, { projectId: id, newDiskSizeGb })).code).toBe(3);
  });

  it("never shrinks below what it holds", async () => {
    const id = await world.newProject();
    await world.invoke(v2.resizeDisk, { projectId: id, newDiskSizeGb: 20n });
    world.files.usedBytes = async () => await Promise.resolve(11 * GB);

    const refused = await world.refusal(v2.resizeDisk, { projectId: id, newDiskSizeGb: 10n });

    expect([refused.code, refused.message]).toEqual([9, expect.stringContaining("11.00 GB")]);
    const fits = await world.invoke(v2.resizeDisk, { projectId: id, newDiskSizeGb: 11n });
    expect(fits.done).toBe(true);
  });
});

describe("a limit that was raised", () => {
  it("starts what waited for it, with no tick in between", async () => {
    const id = await world.newProject({ limits: { maxUnitsPerHour: 3_000n } });
    const schedule = aSchedule({ project: id, timing: null, timeoutMs: 10 * MINUTE_MS });
    world.alwaysRuns("nightly", exits(10 * MINUTE_MS));
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await world.askRun("nightly", "p1");
    await world.live(11 * MINUTE_MS);
    await world.askRun("nightly", "p2");
    await world.deliverAll();
    expect(await world.states("nightly")).toEqual(["succeeded", "waiting (limit_hour)"]);

    const updateMask = mask("limits.max_units_per_hour");
    const limits = { maxUnitsPerHour: 9_000n };
    await world.invoke(v2.update, { projectId: id, updateMask, limits });
    await world.deliverAll();

    expect(await world.states("nightly")).toEqual(["succeeded", "running"]);
  });

  it("is the account's, beside what the configuration says", async () => {
    const id = await world.newProject({ limits: { maxUnitsPerHour: 5_000n } });

    const account = await world.store.snapshot(
      async (reader) => await readAccount(reader, projectId(id)),
    );

    expect(account).toMatchObject({ limits: { unitsPerHour: 5_000 }, configuredLimits: {} });
  });
});
