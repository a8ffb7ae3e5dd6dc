import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { ProjectService as ProjectServiceV1 } from "../../../shared/gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import {
  OpenProjectMetadata_OpenProjectStatusSchema as StatusSchema,
  ProjectService,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { readToken, scanTokens, type Token } from "../../../shared/records/token-record.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { metadataOf, ProjectWorld, responseOf } from "./project-world.ts";

const v1 = ProjectServiceV1.method;
const v2 = ProjectService.method;

let world: ProjectWorld;
beforeEach(() => {
  world = new ProjectWorld({ seenStore: rerunningStore });
});
afterEach(async () => await world.close());

interface Opened {
  readonly projectUrl: string;
  readonly sessionToken: string;
}

async function open(project: string, headers?: Readonly<Record<string, string>>): Promise<Opened> {
  const { id } = await world.invoke(v2.open, { projectId: project }, headers);
  await world.finish(id);
  return responseOf(await world.operation(id, headers)) as unknown as Opened;
}

async function sessionOf(sessionToken: string, where = world): Promise<Token | undefined> {
  const hash = createHash("sha256").update(sessionToken).digest("hex");
  const now = where.clock.now();
  return await where.store.snapshot(async (reader) => await readToken(reader, hash, now));
}

describe("a project that is opened", () => {
  it("walks through every status, each long enough to be seen", async () => {
    const project = await world.newProject();
    const started = await world.invoke(v2.open, { projectId: project });
    const seen = [(metadataOf(started) as unknown as { readonly status: number }).status];

    for (let step = 0; step < 4; step += 1) {
      await world.step(started.id);
      await world.clock.advance(limits.openStepMs - 1);
      await world.step(started.id);
      await world.clock.advance(1);
      await world.step(started.id);
      const { metadata, done } = await world.operation(started.id).then((operation) => ({
        metadata: metadataOf(operation) as unknown as { readonly status: number },
        done: operation.done,
      }));
      expect(done).toBe(false);
      seen.push(metadata.status);
    }
    await world.clock.advance(limits.openStepMs);
    await world.step(started.id);

    expect(
      seen.map((status) => StatusSchema.values.find(({ number }) => number === status)?.name),
    ).toEqual([
      "OPEN_PROJECT_STATUS_CLOSING_IDE",
      "OPEN_PROJECT_STATUS_UNZIPPING_PROJECT",
      "OPEN_PROJECT_STATUS_ALLOCATING_VM",
      "OPEN_PROJECT_STATUS_ALLOCATING_RESOURCES",
      "OPEN_PROJECT_STATUS_STARTING_IDE",
    ]);
    const opened = responseOf(await world.operation(started.id)) as unknown as Opened;
    expect(opened.projectUrl).toBe(`http://127.0.0.1:7070/projects/${project}`);
    expect(opened.sessionToken.length).toBeGreaterThan(40);
    expect(await world.timers()).toEqual([]);
  });

  it("asks for each next step itself, when that is due", async () => {
    const sent: string[] = [];
    world.loses = ({ body }) => {
      sent.push(body);
      return true;
    };
    const project = await world.newProject();
    const { id } = await world.invoke(v2.open, { projectId: project });
    await world.clock.advance(limits.openStepMs);
    await world.step(id);

    expect(sent).toEqual([JSON.stringify({ operation: id }), JSON.stringify({ operation: id })]);
    expect(await world.timers()).toEqual([
      { kind: "operation", ref: id, dueAt: world.clock.now() },
    ]);
  });

  it("has a session whose token is kept nowhere but in the answer", async () => {
    const project = await world.newProject();
    const anna = await world.userOf("anna", { role: "developer" });

    const { sessionToken } = await open(project, anna);

    const session = await sessionOf(sessionToken);
    expect(session).toMatchObject({
      subject: { id: "anna", type: "userAccount" },
      session: { project },
      expiresAt: plusMs(world.clock.now(), limits.sessionMs),
    });
    expect(JSON.stringify(session)).not.toContain(sessionToken);
    expect(JSON.stringify(world.log)).not.toContain(sessionToken);
    const bearer = { authorization: `Bearer ${sessionToken}` };
    expect((await world.refusal(v2.get, { projectId: project }, bearer)).code).toBe(16);
    await world.clock.advance(limits.sessionMs);
    expect(await sessionOf(sessionToken)).toBeUndefined();
  });

  it("shows its session to whoever opened it, and to no other viewer", async () => {
    const project = await world.newProject();
    const anna = await world.userOf("anna", { role: "developer" });
    const vic = await world.userOf("vic", { role: "admin" });
    const { id } = await world.invoke(v2.open, { projectId: project }, anna);
    await world.finish(id);

    const own = responseOf(await world.operation(id, anna)) as unknown as Opened;
    const other = responseOf(await world.operation(id, vic)) as unknown as Opened;

    expect(own.sessionToken).not.toBe("");
    expect(other).toMatchObject({ projectUrl: own.projectUrl, sessionToken: "" });
  });

  it("ends the caller's session before, and nobody else's", async () => {
    const project = await world.newProject();
    const other = await world.newProject();
    const anna = await world.userOf("anna", { role: "developer" });
    const boris = await world.userOf("boris", { role: "developer" });
    const first = await open(project, anna);
    const elsewhere = await open(other, anna);
    const theirs = await open(project, boris);

    const second = await open(project, anna);

    expect(await sessionOf(first.sessionToken)).toBeUndefined();
    for (const { sessionToken } of [second, elsewhere, theirs]) {
      expect(await sessionOf(sessionToken)).toBeDefined();
    }
  });

  it("has one session where it was opened twice at once", async () => {
    const project = await world.newProject();
    const one = await world.invoke(v2.open, { projectId: project });
    const two = await world.invoke(v2.open, { projectId: project });
    for (let step = 0; step < 5; step += 1) {
      await world.clock.advance(limits.openStepMs);
      await world.step(one.id);
      await world.step(two.id);
    }
    const tokens = await Promise.all(
      [one, two].map(async ({ id }) => responseOf(await world.operation(id)) as unknown as Opened),
    );

    expect(await sessionOf(tokens[0]?.sessionToken ?? "")).toBeUndefined();
    expect(await sessionOf(tokens[1]?.sessionToken ?? "")).toBeDefined();
  });

  it("has one session where somebody else takes each step just before", async () => {
    let meanwhile: (() => Promise<void>) | undefined;
    const overtaking = (store: Store): Store => ({
      snapshot: async (body) => await store.snapshot(body),
      close: async () => await store.close(),
      transact: async (label, body) => {
        const first = label === "work-open" ? meanwhile : undefined;
        meanwhile = undefined;
        await first?.();
        return await store.transact(label, body);
      },
    });
    const life = new ProjectWorld({ seenStore: overtaking });
    const project = await life.newProject();
    const { id } = await life.invoke(v2.open, { projectId: project });
    for (let step = 0; step < 5; step += 1) {
      await life.clock.advance(limits.openStepMs);
      meanwhile = async () => await life.step(id);
      await life.step(id);
      expect((await life.operation(id)).done).toBe(step === 4);
    }

    const { sessionToken } = responseOf(await life.operation(id)) as unknown as Opened;

    expect(await sessionOf(sessionToken, life)).toBeDefined();
    await life.close();
  });

  it("has storage, also where its creation could not make any", async () => {
    const makeStorage = world.files.makeStorage.bind(world.files);
    const made: string[] = [];
    world.files.makeStorage = async () => await Promise.reject(new Error("The disk is full"));
    const project = await world.newProject();
    world.files.makeStorage = async (which) => {
      made.push(which);
      await makeStorage(which);
    };

    await open(project);

    expect(made).toContain(project);
    expect(world.log.map(({ name }) => name)).toContain("project.storage");
  });

  it("tells no status through v1", async () => {
    const project = await world.newProject();

    const { id, metadata } = await world.invoke(v1.open, { projectId: project });
    const done = await world.finish(id);

    expect(metadata?.typeUrl).toContain("datasphere.v1.OpenProjectMetadata");
    expect(done.metadata).toEqual(metadata);
    expect(responseOf(done)).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v1.OpenProjectResponse",
      projectUrl: `http://127.0.0.1:7070/projects/${project}`,
    });
  });

  it("fails where it is deleted meanwhile", async () => {
    const project = await world.newProject();
    const opening = await world.invoke(v2.open, { projectId: project });
    await world.clock.advance(limits.openStepMs);
    await world.step(opening.id);
    await world.invoke(v2.delete, { projectId: project });

    const done = await world.finish(opening.id);

    expect(done.result).toMatchObject({ case: "error", value: { code: 5 } });
  });
});

describe("an opening that is killed", () => {
  it("ends in one session, wherever it was killed", async () => {
    for (let number = 1, killed = true; killed; number += 1) {
      const life = new ProjectWorld();
      const project = await life.newProject();
      const { id } = await life.invoke(v2.open, { projectId: project });
      life.crashPoints.arm((call) => (call.number === number ? "after" : undefined));

      killed = false;
      for (let step = 0; step < 8; step += 1) {
        await life.clock.advance(limits.openStepMs);
        await life.step(id).catch(() => undefined);
        killed ||= life.crashPoints.isDown;
        if (life.crashPoints.isDown) life.crash();
      }

      life.crashPoints.arm(() => undefined);
      const label = `killed ${life.crashPoints.killedAt} (n = ${number})`;
      const { sessionToken } = responseOf(await life.operation(id)) as unknown as Opened;
      const hash = createHash("sha256").update(sessionToken).digest("hex");
      const sessions = await life.store.snapshot(
        async (reader) => await scanTokens(reader, { limit: 10 }),
      );
      expect(
        sessions.map((session) => session.hash),
        label,
      ).toEqual([hash]);
      expect(await life.timers(), label).toEqual([]);
      await life.close();
      if (!killed) expect(number).toBeGreaterThan(15);
    }
  });
});
