import { status } from "@grpc/grpc-js";
import { CommunityServiceService } from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  CreateProjectRequest,
  GetUnitBalanceResponse,
  ProjectServiceService,
  SetUnitBalanceRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { caFile, serverCertificate } from "../../../infra/local/certificates.ts";
import { openProvider } from "../../../shared/adapters/datasphere-projects/open-provider.ts";
import { openDataSphere } from "../../../shared/adapters/datasphere/session.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { communityId, projectId, type ProjectId } from "../../../shared/core/ids.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { ProviderRefusal, type Provider } from "../../../shared/ports/provider.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Home } from "../../e2e/home.ts";
import { SdkClient } from "../../e2e/sdk-client.ts";
import { GrpcFaults } from "../../support/grpc-faults.ts";
import { Opened } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";

const GET = ProjectServiceService.get.path;
const BALANCE = ProjectServiceService.getUnitBalance.path;
/** Where nothing is to come, waits and limits of the adapter are over so many times sooner. */
const HURRY = 10;

/** A platform that plays DataSphere as a process of its own, and faults in front of it. */
const opened = new Opened();
let cloud: SdkClient;
let faults: GrpcFaults;
let provider: Provider;
/** The same in a hurry. */
let hasty: Provider;
let id: ProjectId;

beforeAll(async () => {
  const home = await Home.of(opened);
  await home.write("orrery.yaml", "version: 1\nschedules: {}\n");
  cloud = await SdkClient.of(home, home.up());
  const tls = await serverCertificate(home.folder, "127.0.0.1", realClock.now());
  const services = [ProjectServiceService, CommunityServiceService];
  const upstream = { endpoint: cloud.endpoint, ca: cloud.rootCerts };
  faults = await GrpcFaults.before(upstream, { services, tls });
  opened.onTestFinished(() => faults.close());
  const token = (await readFile(join(home.data, "token"), "utf8")).trim();
  provider = await providerWith(home.folder, token, 1);
  hasty = await providerWith(home.folder, token, HURRY);
  const wanted = CreateProjectRequest.fromPartial({
    ...{ communityId: "default", name: "mirrored" },
    limits: { maxUnitsPerHour: 0 },
    settings: { defaultDedicatedSpec: "c1.8" },
  });
  id = projectId((await cloud.done(await cloud.projects.create(wanted), Project)).id);
});
afterAll(async () => await opened[Symbol.asyncDispose]());
beforeEach(() => faults.plan(() => undefined));

async function providerWith(folder: string, token: string, hurry: number): Promise<Provider> {
  const clock = {
    ...realClock,
    set: (dueAt: Parameters<typeof realClock.set>[0], wake: () => void) => {
      const waitMs = Math.max(0, dueAt - realClock.now()) / hurry;
      return realClock.set(plusMs(realClock.now(), Math.ceil(waitMs)), wake);
    },
  };
  const session = openDataSphere({
    endpoint: faults.endpoint,
    ca: await readFile(caFile(folder)),
    tokens: givenToken(token, "a test"),
    clock,
  });
  opened.onTestFinished(() => session.close());
  return openProvider({ session, clock });
}

async function failure(answer: Promise<unknown>): Promise<unknown> {
  return await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a look at a project of DataSphere", () => {
  it("tells its limits and its balance, and what is unset from what is zero", async () => {
    const unset = await provider.project(id);
    await cloud.projects.setUnitBalance(
      SetUnitBalanceRequest.fromPartial({ projectId: id, unitBalance: 0 }),
    );
    const zero = await provider.project(id);

    expect(unset).toEqual({
      ...{ id, community: "default", name: "mirrored", defaultInstanceType: "c1.8" },
      limits: { unitsPerHour: 0 },
    });
    expect(zero).toMatchObject({ balance: 0 });
  });

  it("finds nothing where there is none", async () => {
    expect(await provider.project(projectId("bt1nobody0000000000x"))).toBeUndefined();
    expect(await provider.hasCommunity(communityId("default"))).toBe(true);
    expect(await provider.hasCommunity(communityId("nobody"))).toBe(false);
  });

  it.each(["hang", "cut"] as const)("ends in time where DataSphere does %s", async (kind) => {
    faults.plan(({ path }) => (path === BALANCE ? { kind, effect: false } : undefined));

    expect(await failure(hasty.project(id))).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
  });

  it("is repeated where DataSphere was out for a moment", async () => {
    faults.plan(({ number }) =>
      number === 1
        ? { kind: "refuse", code: status.UNAVAILABLE, details: "restarting" }
        : undefined,
    );

    expect(await provider.project(id)).toMatchObject({ name: "mirrored" });
  });

  it("believes no answer about another project, or of no community", async () => {
    const other = Project.fromPartial({ id: "another", communityId: "default" });
    const homeless = Project.fromPartial({ id });
    for (const lie of [other, homeless]) {
      const answer = Buffer.from(Project.encode(lie).finish());
      faults.plan(({ path }) =>
        path === GET ? { kind: "rewrite", answer: () => answer } : undefined,
      );

      expect(await failure(provider.project(id))).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
    }
  });

  it("believes no answer that cannot be read", async () => {
    faults.plan(() => ({ kind: "rewrite", answer: () => Buffer.from([0xff, 0xff]) }));

    expect(await failure(provider.project(id))).toMatchObject({ code: "PROVIDER_UNAVAILABLE" });
  });

  it("takes limits below zero for zero, and a balance below zero as it is", async () => {
    const limits = { maxUnitsPerHour: -7, maxUnitsPerExecution: -1 };
    const project = Project.fromPartial({ id, communityId: "default", limits });
    const balance = GetUnitBalanceResponse.fromPartial({ unitBalance: -40 });
    faults.plan(({ path }) => {
      const lie =
        path === GET
          ? Project.encode(project).finish()
          : GetUnitBalanceResponse.encode(balance).finish();
      return { kind: "rewrite", answer: () => Buffer.from(lie) };
    });

    expect(await provider.project(id)).toMatchObject({
      limits: { unitsPerHour: 0, unitsPerExecution: 0 },
      balance: -40,
    });
  });
});

describe("a call that passes", () => {
  const request = Uint8Array.from(
    SetUnitBalanceRequest.encode(
      SetUnitBalanceRequest.fromPartial({ projectId: "nobody" }),
    ).finish(),
  );
  const path = ProjectServiceService.setUnitBalance.path;

  it("keeps DataSphere's code, text and details", async () => {
    const refused = await failure(provider.call({ path, request, effect: "some" }));

    expect(refused).toBeInstanceOf(ProviderRefusal);
    expect(refused).toMatchObject({ code: status.NOT_FOUND });
    expect(String(refused)).toContain("nobody");
    expect((refused as ProviderRefusal).status?.length).toBeGreaterThan(0);
  });

  it("is sent once, and says so where nobody knows whether it was done", async () => {
    faults.plan(() => ({ kind: "cut", effect: true }));

    const lost = await failure(provider.call({ path, request, effect: "some", key: "k-1" }));

    expect(lost).toMatchObject({ code: "PROVIDER_OUTCOME_UNKNOWN" });
    expect(faults.forwarded.map(({ key }) => key)).toEqual(["k-1"]);
  });

  it("tells that DataSphere does not know the installation", async () => {
    faults.plan(() => ({ kind: "refuse", code: status.UNAUTHENTICATED, details: "who are you" }));

    const refused = await failure(provider.call({ path, request, effect: "some" }));

    expect(refused).toMatchObject({ code: status.UNAUTHENTICATED, message: "who are you" });
  });
});
