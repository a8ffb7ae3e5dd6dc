import { ListAccessBindingsRequest } from "@yandex-cloud/nodejs-sdk/proto/access/access";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  CreateProjectRequest,
  ListProjectsRequest,
  OpenProjectMetadata,
  OpenProjectResponse,
  SetUnitBalanceRequest,
  UpdateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { describe, expect, it } from "vitest";
import { Home } from "./home.ts";
import { SdkClient } from "./sdk-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

/** What the SDK throws for a call that failed before its first message. */
interface Thrown {
  readonly code?: number;
  readonly details?: string;
}

async function failure(call: Promise<unknown>): Promise<Thrown> {
  return await call.then(
    () => ({}),
    (error: unknown) => error as Thrown,
  );
}

describe("projects of a program that knows the official SDK alone", () => {
  it("are created, listed, changed, opened and deleted", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const client = await SdkClient.of(home, home.up());
    const { projects } = client;

    const made = await client.done(
      await projects.create(
        CreateProjectRequest.fromPartial({
          communityId: "default",
          name: "first",
          labels: { team: "ml" },
          limits: { maxUnitsPerHour: 1_000 },
          settings: { defaultDedicatedSpec: "c1.4", vmInactivityTimeout: { seconds: 1_800 } },
        }),
      ),
      Project,
    );
    expect(made).toMatchObject({ name: "first", labels: { team: "ml" }, communityId: "default" });
    expect(await projects.get({ projectId: made.id })).toEqual(made);

    const changed = await client.done(
      await projects.update(
        UpdateProjectRequest.fromPartial({
          projectId: made.id,
          updateMask: { paths: ["name", "limits.max_units_per_execution"] },
          name: "second",
          limits: { maxUnitsPerExecution: 500 },
        }),
      ),
      Project,
    );
    expect(changed).toMatchObject({
      name: "second",
      labels: { team: "ml" },
      limits: { maxUnitsPerHour: 1_000, maxUnitsPerExecution: 500 },
    });
    const unknownPath = UpdateProjectRequest.fromPartial({
      projectId: made.id,
      updateMask: { paths: ["nmae"] },
    });
    expect(await failure(projects.update(unknownPath))).toMatchObject({ code: 3 });

    expect((await projects.getUnitBalance({ projectId: made.id })).unitBalance).toBeUndefined();
    await projects.setUnitBalance(
      SetUnitBalanceRequest.fromPartial({ projectId: made.id, unitBalance: 70 }),
    );
    expect((await projects.getUnitBalance({ projectId: made.id })).unitBalance).toBe(70);

    const opening = await projects.open({ projectId: made.id });
    const seen = new Set<number>();
    for (;;) {
      const { done, metadata } = await client.operations.get({ operationId: opening.id });
      seen.add(OpenProjectMetadata.decode(metadata?.value ?? new Uint8Array()).status);
      if (done) break;
    }
    expect([...seen]).toEqual([1, 2, 3, 4, 5]);
    const opened = await client.done(opening, OpenProjectResponse);
    const page = await fetch(`${opened.projectUrl}?sessionToken=${opened.sessionToken}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(made.id);
    expect((await fetch(`${opened.projectUrl}?sessionToken=guess`)).status).toBeGreaterThan(399);

    const bindings = await projects.listAccessBindings(
      ListAccessBindingsRequest.fromPartial({ resourceId: made.id }),
    );
    expect(bindings.accessBindings).toEqual([]);
    await projects.delete({ projectId: made.id });
    expect(await failure(projects.get({ projectId: made.id }))).toMatchObject({ code: 5 });
    const listed = await projects.list(ListProjectsRequest.fromPartial({ communityId: "default" }));
    expect(listed.projects).toEqual([]);
  });

  it("are refused with a status that the SDK can read", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const platform = home.up();
    const client = await SdkClient.of(home, platform);
    const stranger = await SdkClient.of(home, platform, "orr_nobody");

    const nameless = CreateProjectRequest.fromPartial({ name: "Not A Name" });
    expect(await failure(client.projects.create(nameless))).toMatchObject({
      code: 3,
      details: expect.stringMatching(/community_id.*name|name.*community_id/s) as unknown,
    });
    expect(await failure(client.projects.get({ projectId: "nobody" }))).toMatchObject({ code: 5 });
    expect(await failure(stranger.projects.get({ projectId: "x" }))).toMatchObject({ code: 16 });
  });
});
