// One file, in the order of the pipeline: each step is seen through the same small installation.

import { create, type Message } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import type { Call } from "../../shared/api/call.ts";
import { Code } from "../../shared/api/code.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { AdmissionDenied } from "../../shared/core/run/admission-denied.ts";
import {
  BadRequestSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
} from "../../shared/gen/google/rpc/error_details_pb.ts";
import {
  DownloadFileRequestSchema,
  DownloadFileResponseSchema,
  ProjectDataService,
  UploadFileRequestSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import {
  CreateProjectRequestSchema,
  GetProjectRequestSchema,
  ProjectService,
  UpdateProjectRequestSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { ProjectSchema } from "../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import { writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import { aCommunity, aProject, DEMO, grant, LAB } from "../support/access-builders.ts";
import {
  ApiWorld,
  bearer,
  collect,
  detail,
  failureOf,
  incoming,
  PLATFORM,
  served,
  type Handlers,
} from "./an-api.ts";

const { get, create: createProject, update } = ProjectService.method;
const { uploadFile } = ProjectDataService.method;
const GET = create(GetProjectRequestSchema, { projectId: "demo" });

const worlds: ApiWorld[] = [];

afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

/** A world with the project demo in the community lab, and a token of somebody without any role. */
async function aWorld(
  service: typeof ProjectService | typeof ProjectDataService,
  handlers: Handlers,
): Promise<ApiWorld> {
  const world = new ApiWorld(served(service, handlers));
  worlds.push(world);
  await world.write((tx) => {
    writeCommunity(tx, undefined, aCommunity());
    writeProject(tx, undefined, aProject());
    grant(tx, "vera", "viewer", DEMO);
    grant(tx, "ed", "editor", DEMO);
    grant(tx, "ada", "admin", LAB);
  });
  return world;
}

describe("a call", () => {
  it("reaches its handler with its caller and a request id, and answers a whole message", async () => {
    const calls: Call[] = [];
    const world = await aWorld(ProjectService, {
      get: (_request, call) => {
        calls.push(call);
        return Promise.resolve({ id: "demo" });
      },
    });
    const token = await world.tokenOf("vera");

    const answer = await world.api.unary(get, incoming(bearer(token)), GET);

    expect(answer).toEqual(create(ProjectSchema, { id: "demo" }));
    expect(calls[0]?.caller).toEqual({
      kind: "subject",
      subject: { id: "vera", type: "userAccount" },
    });
    expect(calls[0]?.requestId).toMatch(/^[a-z0-9]{20}$/);
    expect(calls[0]?.once).toBeUndefined();
  });

  it("bears the client's own id where that may stand in a log, and a fresh one otherwise", async () => {
    const seen: string[] = [];
    const world = await aWorld(ProjectService, {
      get: (_request, call: Call) => {
        seen.push(call.requestId);
        return Promise.resolve({});
      },
    });

    for (const id of ["0b1f-9", "a b", "x".repeat(101), ""]) {
      await world.api.unary(get, incoming({ ...PLATFORM, "x-client-request-id": id }), GET);
    }

    expect(seen[0]).toBe("0b1f-9");
    for (const id of seen.slice(1)) expect(id).toMatch(/^[a-z0-9]{20}$/);
  });

  it("is told everything that is wrong with its request, and never reaches its handler", async () => {
    const world = await aWorld(ProjectService, {});
    const request = create(UpdateProjectRequestSchema, {
      projectId: "demo",
      name: "No Name",
      labels: { "Bad Key": "x", ok: "ы" },
    });

    const failure = await failureOf(world.api.unary(update, incoming(), request));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(detail(failure, BadRequestSchema).fieldViolations.map(({ field }) => field)).toEqual([
      "name",
      "labels[Bad Key]",
      "labels[ok]",
    ]);
    expect(failure.message).toContain("name must match");
  });

  it("learns nothing about its request before its token is known and permitted", async () => {
    const world = await aWorld(ProjectService, {});
    const request = create(UpdateProjectRequestSchema, { projectId: "demo", name: "No Name" });
    const token = await world.tokenOf("nobody");

    const denied = await failureOf(world.api.unary(update, incoming(bearer(token)), request));
    const unknown = await failureOf(world.api.unary(update, incoming(bearer("orr_x")), request));
    const anonymous = await failureOf(world.api.unary(update, incoming({}), request));

    expect(denied.code).toBe(Code.PERMISSION_DENIED);
    expect(unknown.code).toBe(Code.UNAUTHENTICATED);
    expect(anonymous.code).toBe(Code.UNAUTHENTICATED);
    expect(unknown.message).not.toContain("orr_x");
  });

  it("needs a token before its resource is missed", async () => {
    const world = await aWorld(ProjectService, {});

    const failure = await failureOf(
      world.api.unary(get, incoming({}), create(GetProjectRequestSchema)),
    );

    expect(failure.code).toBe(Code.UNAUTHENTICATED);
  });

  it("is told that its resource is missing, whoever calls with a token", async () => {
    const world = await aWorld(ProjectService, {});
    const token = await world.tokenOf("nobody");

    const failure = await failureOf(
      world.api.unary(get, incoming(bearer(token)), create(GetProjectRequestSchema)),
    );

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(detail(failure, BadRequestSchema).fieldViolations).toMatchObject([
      { field: "project_id", description: "must be set" },
    ]);
  });

  it("of a method that nobody serves is unimplemented", async () => {
    const world = await aWorld(ProjectService, {});
    const metadata = create(UploadFileRequestSchema);

    const failure = await failureOf(world.api.unary(uploadFile, incoming(), metadata));

    expect(failure.code).toBe(Code.UNIMPLEMENTED);
  });
});

describe("a failing call", () => {
  it("names its request in every error", async () => {
    const world = await aWorld(ProjectService, {
      get: () => Promise.reject(new OrreryError("PROJECT_NOT_FOUND", "Unknown project demo")),
    });
    const headers = { ...PLATFORM, "x-client-request-id": "mine" };

    const failure = await failureOf(world.api.unary(get, incoming(headers), GET));

    expect([failure.code, failure.message]).toEqual([Code.NOT_FOUND, "Unknown project demo"]);
    expect(detail(failure, RequestInfoSchema).requestId).toBe("mine");
    expect(world.world.log).toEqual([]);
  });

  it("keeps what is ours to mend from its caller, and logs it with the request's id", async () => {
    const world = await aWorld(ProjectService, {
      get: () => Promise.reject(new Error("the row /home/x is odd")),
    });
    const headers = { ...PLATFORM, "x-client-request-id": "mine" };

    const failure = await failureOf(world.api.unary(get, incoming(headers), GET));

    expect([failure.code, failure.message]).toEqual([Code.INTERNAL, "internal error"]);
    expect(detail(failure, RequestInfoSchema).requestId).toBe("mine");
    const [entry] = world.world.log;
    expect(entry).toMatchObject({
      level: "error",
      name: "api.failed",
      fields: { request: "mine" },
    });
    expect(entry?.message).toContain("the row /home/x is odd");
  });

  it("for want of units names the project that its resource belongs to", async () => {
    const reason = { code: "behind", text: "Another run goes first" } as const;
    const world = await aWorld(ProjectService, {
      get: () =>
        Promise.reject(new AdmissionDenied(reason, { checks: [], nextEligibleAt: undefined })),
    });

    const failure = await failureOf(world.api.unary(get, incoming(), GET));

    expect(failure.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(detail(failure, QuotaFailureSchema).violations[0]?.subject).toBe("project:demo/behind");
  });

  it("whose client is gone is cancelled, and nobody is alarmed", async () => {
    const client = new AbortController();
    const world = await aWorld(ProjectService, {
      get: () => {
        client.abort();
        return Promise.reject(new Error("aborted"));
      },
    });

    const failure = await failureOf(world.api.unary(get, incoming(PLATFORM, client.signal), GET));

    expect(failure.code).toBe(Code.CANCELLED);
    expect(world.world.log).toEqual([]);
  });
});

describe("an Idempotency-Key", () => {
  async function onceOf(
    world: ApiWorld,
    calls: Call[],
    headers: Readonly<Record<string, string>>,
    request: Message,
  ) {
    await world.api.unary(createProject, incoming(headers), request);
    return calls.at(-1)?.once;
  }

  async function recording(): Promise<{ world: ApiWorld; calls: Call[] }> {
    const calls: Call[] = [];
    const record = (_request: never, call: Call): Promise<object> => {
      calls.push(call);
      return Promise.resolve({});
    };
    return { world: await aWorld(ProjectService, { create: record, get: record }), calls };
  }

  const request = (labels: Readonly<Record<string, string>>, name = "n"): Message =>
    create(CreateProjectRequestSchema, { communityId: "lab", name, labels: { ...labels } });

  it("is known by its caller and its method", async () => {
    const { world, calls } = await recording();
    const headers = { "idempotency-key": "k1" };

    const ours = await onceOf(world, calls, { ...PLATFORM, ...headers }, request({}));
    const ada = bearer(await world.tokenOf("ada"));
    const theirs = await onceOf(world, calls, { ...ada, ...headers }, request({}));

    const method = "yandex.cloud.datasphere.v2.ProjectService/Create";
    expect(ours).toMatchObject({ scope: `orrery:${method}`, key: "k1" });
    expect(theirs).toMatchObject({ scope: `ada:${method}`, key: "k1" });
    expect(theirs?.digest).toBe(ours?.digest);
  });

  it("goes with the same digest for the same content, in whatever order maps were written", async () => {
    const { world, calls } = await recording();
    const headers = { ...PLATFORM, "idempotency-key": "k1" };

    const first = await onceOf(world, calls, headers, request({ a: "1", b: "2" }));
    const again = await onceOf(world, calls, headers, request({ b: "2", a: "1" }));
    const other = await onceOf(world, calls, headers, request({ a: "1", b: "2" }, "m"));

    expect(again?.digest).toBe(first?.digest);
    expect(other?.digest).not.toBe(first?.digest);
  });

  it("means nothing to a method that changes nothing", async () => {
    const { world, calls } = await recording();

    await world.api.unary(get, incoming({ ...PLATFORM, "idempotency-key": "k1" }), GET);

    expect(calls.at(-1)?.once).toBeUndefined();
  });

  it.each(["", "two words", "x".repeat(101), "ключ"])("is refused as %j", async (key) => {
    const { world } = await recording();

    const headers = { ...PLATFORM, "idempotency-key": key };
    const failure = await failureOf(world.api.unary(createProject, incoming(headers), request({})));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(detail(failure, BadRequestSchema).fieldViolations[0]?.field).toBe("idempotency-key");
  });
});

describe("limits of a project", () => {
  const ok: Handlers = { update: () => Promise.resolve({}) };
  const rename = { projectId: "demo", name: "new" };
  const limits = { maxUnitsPerHour: 5n };

  it.each([
    ["renames by a mask", { ...rename, limits, updateMask: { paths: ["name"] } }],
    ["renames without naming them", rename],
  ])("let an editor pass who %s", async (_how, init) => {
    const world = await aWorld(ProjectService, ok);
    const headers = bearer(await world.tokenOf("ed"));

    await world.api.unary(update, incoming(headers), create(UpdateProjectRequestSchema, init));
  });

  it.each([
    ["sets them", { ...rename, limits }],
    ["masks them", { ...rename, updateMask: { paths: ["name", "limits"] } }],
    ["masks one of them", { ...rename, updateMask: { paths: ["limits.max_units_per_hour"] } }],
  ])("need an admin where a request %s", async (_how, init) => {
    const world = await aWorld(ProjectService, ok);
    const message = create(UpdateProjectRequestSchema, init);
    const editor = bearer(await world.tokenOf("ed"));
    const admin = bearer(await world.tokenOf("ada"));

    const failure = await failureOf(world.api.unary(update, incoming(editor), message));
    await world.api.unary(update, incoming(admin), message);

    expect(failure.code).toBe(Code.PERMISSION_DENIED);
    expect(failure.message).toContain("admin");
  });
});

describe("a stream from the server", () => {
  const { downloadFile } = ProjectDataService.method;
  const request = create(DownloadFileRequestSchema, { projectId: "demo", filePath: "a.txt" });
  const chunk = (text: string): object => ({
    message: { case: "chunk", value: new TextEncoder().encode(text) },
  });

  it("hands on what its handler has, as it comes", async () => {
    const world = await aWorld(ProjectDataService, {
      downloadFile: async function* () {
        yield await Promise.resolve(chunk("a"));
        yield chunk("b");
      },
    });

    const answers = await collect(world.api.serverStream(downloadFile, incoming(), request));

    expect(answers).toEqual(
      ["a", "b"].map((text) => create(DownloadFileResponseSchema, chunk(text))),
    );
  });

  it("fails from its iteration, behind what it had handed on", async () => {
    const world = await aWorld(ProjectDataService, {
      downloadFile: async function* () {
        yield await Promise.resolve(chunk("a"));
        throw new OrreryError("FILE_NOT_FOUND", "The file is gone");
      },
    });
    const stream = world.api.serverStream(downloadFile, incoming(), request);
    const iterator = stream[Symbol.asyncIterator]();

    expect((await iterator.next()).done).toBe(false);
    expect((await failureOf(iterator.next())).code).toBe(Code.NOT_FOUND);
  });

  it("that nobody may read fails at its first message", async () => {
    const world = await aWorld(ProjectDataService, {});

    const stream = world.api.serverStream(downloadFile, incoming({}), request);

    expect((await failureOf(collect(stream))).code).toBe(Code.UNAUTHENTICATED);
  });

  it("ends its handler when its reader leaves", async () => {
    let isEnded = false;
    const world = await aWorld(ProjectDataService, {
      downloadFile: async function* () {
        try {
          for (;;) yield await Promise.resolve(chunk("a"));
        } finally {
          isEnded = true;
        }
      },
    });

    for await (const answer of world.api.serverStream(downloadFile, incoming(), request)) {
      expect(answer).toBeDefined();
      break;
    }

    expect(isEnded).toBe(true);
  });
});

describe("a stream from a client", () => {
  async function* messages(
    seen: { ended: boolean },
    ...inits: readonly (string | { project: string })[]
  ): AsyncGenerator<Message> {
    try {
      for (const init of inits) {
        yield await Promise.resolve(
          create(UploadFileRequestSchema, {
            message:
              typeof init === "string"
                ? { case: "chunk", value: new TextEncoder().encode(init) }
                : { case: "metadata", value: { projectId: init.project } },
          }),
        );
      }
    } finally {
      seen.ended = true;
    }
  }

  const counting: Handlers = {
    uploadFile: async (requests: AsyncIterable<Message>) => {
      const all = await collect(requests);
      return { metadata: { sizeBytes: BigInt(all.length) } };
    },
  };

  it("is let in by its first message, which its handler gets too", async () => {
    const world = await aWorld(ProjectDataService, counting);
    const ed = bearer(await world.tokenOf("ed"));
    const seen = { ended: false };

    const answer = await world.api.clientStream(
      uploadFile,
      incoming(ed),
      messages(seen, { project: "demo" }, "a", "b"),
    );

    expect(answer).toMatchObject({ metadata: { sizeBytes: 3n } });
    expect(seen.ended).toBe(true);
  });

  it("is ended where its first message names what its caller may not change", async () => {
    const world = await aWorld(ProjectDataService, counting);
    const vera = bearer(await world.tokenOf("vera"));
    const seen = { ended: false };

    const failure = await failureOf(
      world.api.clientStream(uploadFile, incoming(vera), messages(seen, { project: "demo" }, "a")),
    );

    expect(failure.code).toBe(Code.PERMISSION_DENIED);
    expect(seen.ended).toBe(true);
  });

  it("has every later message checked as it comes", async () => {
    const world = await aWorld(ProjectDataService, counting);
    const seen = { ended: false };

    const stream = messages(seen, { project: "demo" }, "a", { project: "x".repeat(201) });
    const failure = await failureOf(world.api.clientStream(uploadFile, incoming(), stream));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(detail(failure, BadRequestSchema).fieldViolations[0]?.field).toBe("metadata.project_id");
    expect(seen.ended).toBe(true);
  });

  it.each([
    ["begins with no metadata", ["a"]],
    ["has no message", []],
  ])("is refused where it %s", async (_how, inits) => {
    const world = await aWorld(ProjectDataService, counting);

    const failure = await failureOf(
      world.api.clientStream(uploadFile, incoming(), messages({ ended: false }, ...inits)),
    );

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
  });
});
