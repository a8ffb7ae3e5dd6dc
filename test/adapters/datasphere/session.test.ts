import { status as grpc } from "@grpc/grpc-js";
import { OperationServiceService } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import {
  ProjectServiceService,
  ProjectExecutionRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../../shared/adapters/datasphere/failure.ts";
import { openDataSphere } from "../../../shared/adapters/datasphere/session.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../../shared/ports/clock.ts";
import { Opened } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { SmallCloud } from "./small-cloud.ts";

const opened = new Opened();
let cloud: SmallCloud;
const execution = ProjectExecutionRequest.fromPartial({
  projectId: "p",
  notebookId: "n",
  spec: "c1.4",
});
const { get } = OperationServiceService;
const { execute } = ProjectServiceService;

beforeAll(async () => {
  cloud = await SmallCloud.open(opened);
  await cloud.session(opened).call(execute, execution, { effect: "some" });
});
beforeEach(() => {
  cloud.faults.plan(() => undefined);
  cloud.accepted = undefined;
});
afterAll(async () => await opened[Symbol.asyncDispose]());

describe("a call of DataSphere", () => {
  it("that only reads is made again where the service is away for a moment", async () => {
    const session = cloud.session(opened);
    cloud.faults.plan(({ number }) =>
      number <= 2 ? { kind: "refuse", code: grpc.UNAVAILABLE, details: "restart" } : undefined,
    );

    expect((await session.call(get, { operationId: "op-0" })).id).toBe("op-0");
  });

  it("with an effect is sent once, and a lost answer is an unknown outcome", async () => {
    const session = cloud.session(opened);
    cloud.faults.plan(() => ({ kind: "loseAnswer", code: grpc.UNAVAILABLE, details: "reset" }));

    const call = session.call(execute, execution, { effect: "some" });

    await expect(call).rejects.toMatchObject({ kind: "unknownOutcome", retryable: true });
    expect(cloud.faults.effects("/Execute")).toBe(1);
  });

  it("ends in its time where no answer comes", async () => {
    const session = cloud.session(opened);
    cloud.faults.plan(() => ({ kind: "hang", effect: false }));

    const call = session.call(execute, execution, { effect: "some", limitMs: 100 });

    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", kind: "unknownOutcome" });
    cloud.faults.plan(() => undefined);
    expect((await session.call(get, { operationId: "op-0" })).id).toBe("op-0");
  });

  it("was surely not made where nobody listens", async () => {
    const tokens = givenToken("t1.x", "a test");
    const session = openDataSphere({ endpoint: "localhost:1", tokens, clock: realClock });
    opened.onTestFinished(() => session.close());

    const call = session.call(execute, execution, { effect: "some" });

    await expect(call).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("takes another token where one is refused, once", async () => {
    const given = ["t1.old", "t1.new"];
    const tokens = {
      token: async () => await Promise.resolve(given[0] ?? ""),
      invalidate: (token: string) => {
        if (given[0] === token) given.shift();
      },
    };
    cloud.accepted = "t1.new";
    cloud.tokens.length = 0;
    const session = cloud.session(opened, { tokens });

    await session.call(get, { operationId: "op-0" });
    cloud.accepted = "t1.other";

    await expect(session.call(get, { operationId: "op-0" })).rejects.toMatchObject({
      kind: "auth",
    });
    expect(cloud.tokens.slice(0, 2)).toEqual(["t1.old", "t1.new"]);
  });

  it("goes over a new connection after a freeze, whatever became of the old one", async () => {
    let frozenMs = 0;
    const clock: Clock & Alarms = {
      ...realClock,
      now: () => plusMs(realClock.now(), frozenMs),
      set: (dueAt, wake) => realClock.set(plusMs(dueAt, -frozenMs), wake),
    };
    const session = cloud.session(opened, { clock });
    await session.call(get, { operationId: "op-0" });
    // From here on the connection there is swallows what is sent by it.
    const dead = new Set(cloud.faults.connections());
    cloud.faults.plan(({ peer }) => (dead.has(peer) ? { kind: "hang", effect: false } : undefined));
    frozenMs = limits.datasphereIdleMs + 1;

    const answer = await session.call(execute, execution, { effect: "some", limitMs: 2_000 });

    expect(answer.id).toMatch(/^op-/);
  });
});

describe("what a client throws", () => {
  it.each<[string, unknown, string, string]>([
    ["an error with a code", { code: 5, details: "Unknown job x" }, "NOT_FOUND", "notFound"],
    [
      "an error with the code in its words",
      new Error("/a.B/Get NOT_FOUND: Unknown job x"),
      "NOT_FOUND",
      "notFound",
    ],
    [
      "a lack of machines",
      { code: 3, details: "Instance types g1.1 are not available for your community" },
      "INVALID_ARGUMENT",
      "capacity",
    ],
    [
      "a limit of units",
      { code: 9, details: "max_units_per_hour of the project is reached" },
      "FAILED_PRECONDITION",
      "limit",
    ],
    [
      "our own limits, as a platform says them",
      {
        code: 8,
        details:
          "Balance: 0 held + 400 for this execution = 400 of 3 left: 397 missing; a top up is needed.",
      },
      "RESOURCE_EXHAUSTED",
      "limit",
    ],
    [
      "too many requests",
      { code: 8, details: "Too many requests" },
      "RESOURCE_EXHAUSTED",
      "unavailable",
    ],
    ["a wrong request", { code: 3, details: "cmd is empty" }, "INVALID_ARGUMENT", "refused"],
    ["a missing role", { code: 7, details: "Permission denied" }, "PERMISSION_DENIED", "denied"],
    ["anything else", new TypeError("x is not a function"), "UNKNOWN", "broken"],
  ])("is understood: %s", (_what, thrown, code, kind) => {
    const error = thrown instanceof Error ? thrown : Object.assign(new Error("text"), thrown);

    expect(failureOf(error, "none")).toMatchObject({ code, kind });
  });
});
