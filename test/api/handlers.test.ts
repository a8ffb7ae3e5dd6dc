import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../../shared/api/code.ts";
import { reads } from "../../shared/api/handlers.ts";
import { projectId } from "../../shared/core/ids.ts";
import { AdmissionDenied } from "../../shared/core/run/admission-denied.ts";
import { QuotaFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import {
  GetProjectRequestSchema,
  ProjectService,
  type GetProjectRequest,
} from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { Reader } from "../../shared/ports/store.ts";
import { readProject, writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import { aCommunity, aProject, DEMO, grant } from "../support/access-builders.ts";
import { ApiWorld, bearer, detail, failureOf, incoming, served } from "./an-api.ts";

const { get } = ProjectService.method;
const GET = create(GetProjectRequestSchema, { projectId: "demo" });

const worlds: ApiWorld[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

type Read = (reader: Reader, request: GetProjectRequest) => Promise<unknown>;
type Tell = (found: unknown) => object | Promise<object>;

/** A world whose Get of a project is answered so; vera may look at `demo`. */
async function aWorld(read: Read, tell: Tell = () => ({})): Promise<ApiWorld> {
  const world = new ApiWorld(served(ProjectService, { get: reads(read, tell) as never }));
  worlds.push(world);
  await world.write((tx) => {
    writeCommunity(tx, undefined, aCommunity());
    writeProject(tx, undefined, aProject());
    grant(tx, "vera", "viewer", DEMO);
  });
  return world;
}

describe("a method that is answered by what it reads", () => {
  it("reads behind its permission, and tells outside of the snapshot", async () => {
    const world = await aWorld(
      async (reader, request) => await readProject(reader, projectId(request.projectId)),
      // A snapshot inside of another one would be refused.
      async (project) =>
        await world.services.store.snapshot(async () => await Promise.resolve(project as object)),
    );

    const answer = await world.api.unary(get, incoming(bearer(await world.tokenOf("vera"))), GET);

    expect(answer).toMatchObject({ id: "demo", name: "demo" });
  });

  it("reads nothing for a caller that is turned away", async () => {
    let read = 0;
    const world = await aWorld(async () => {
      read += 1;
      await Promise.resolve();
    });
    const nobody = incoming(bearer(await world.tokenOf("nobody")));

    const codes = [
      (await failureOf(world.api.unary(get, nobody, GET))).code,
      (await failureOf(world.api.unary(get, incoming({}), GET))).code,
    ];

    expect(codes).toEqual([Code.PERMISSION_DENIED, Code.UNAUTHENTICATED]);
    expect(read).toBe(0);
  });

  it.each(["read", "tell"])("fails as any other where its %s fails", async (where) => {
    const reason = { code: "behind", text: "Another run goes first" } as const;
    const fail = async (): Promise<never> =>
      await Promise.reject(new AdmissionDenied(reason, { checks: [], nextEligibleAt: undefined }));
    const world = await (where === "read" ? aWorld(fail) : aWorld(async () => {}, fail));

    const failure = await failureOf(world.api.unary(get, incoming(), GET));

    // The project was known from its permission on.
    expect(failure.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(detail(failure, QuotaFailureSchema).violations[0]?.subject).toBe("project:demo/behind");
  });
});
