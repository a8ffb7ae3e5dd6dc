import { status as grpc } from "@grpc/grpc-js";
import { JobStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DataSphereSession } from "../../../shared/adapters/datasphere/session.ts";
import type { ExecutionClaims } from "../../../shared/ports/execution-claims.ts";
import type { StartRequest } from "../../../shared/ports/executor.ts";
import { freshAttempt, resultOf } from "../../contract/executor.ts";
import { CrashPoints } from "../../support/crash-points.ts";
import type { Fault, FaultPlan } from "../../support/grpc-faults.ts";
import { Opened } from "../../support/opened.ts";
import { Executors, startedAtLast, Upstream } from "./upstream.ts";

const OPERATIONS = "/yandex.cloud.operation.OperationService";

const opened = new Opened();
let upstream: Upstream;
let executors: Executors;

beforeAll(async () => {
  upstream = await Upstream.open(opened);
  // What waits for an answer that never comes waits a tenth as long here.
  executors = await Executors.of(opened, upstream, { hurry: 10 });
});
beforeEach(() => upstream.faults.plan(() => undefined));
afterAll(async () => await opened[Symbol.asyncDispose]());

function aRequest(): StartRequest {
  const attempt = freshAttempt();
  return executors.request(executors.counted(attempt), { attempt });
}

/** Spoils the first call of a method, or the first few. */
function spoiling(method: string, fault: Fault, most = 1): FaultPlan {
  return ({ path, number }) => (path.endsWith(method) && number <= most ? fault : undefined);
}

const unavailable = { code: grpc.UNAVAILABLE, details: "upstream connect error" };

describe.each([
  ["that keeps idempotency keys", false],
  ["that does not", true],
])("with a DataSphere %s, a job whose start meets", (_kind, forgetsKeys) => {
  beforeEach(() => {
    upstream.faults.forgetsKeys = forgetsKeys;
  });

  it.each<[string, FaultPlan]>([
    ["a Create whose answer is lost", spoiling("/Create", { kind: "loseAnswer", ...unavailable })],
    ["a Create that is never answered", spoiling("/Create", { kind: "hang", effect: true })],
    ["a Create whose connection breaks", spoiling("/Create", { kind: "cut", effect: true })],
    ["a Create that does not arrive", spoiling("/Create", { kind: "refuse", ...unavailable })],
    [
      "a Create whose answers are all lost",
      spoiling("/Create", { kind: "loseAnswer", ...unavailable }, 3),
    ],
    [
      "an Execute whose answer is lost",
      spoiling("/Execute", { kind: "loseAnswer", ...unavailable }),
    ],
    ["an Execute that is never answered", spoiling("/Execute", { kind: "hang", effect: true })],
    ["an Execute whose connection breaks", spoiling("/Execute", { kind: "cut", effect: true })],
    ["an Execute that never arrives", spoiling("/Execute", { kind: "hang", effect: false })],
    [
      "an Execute that fails inside",
      spoiling("/Execute", { kind: "loseAnswer", code: grpc.INTERNAL, details: "oops" }),
    ],
    [
      "an Execute whose answers are all lost",
      spoiling("/Execute", { kind: "loseAnswer", ...unavailable }, 9),
    ],
    ["an Execute that is late", spoiling("/Execute", { kind: "delay", ms: 1_500 })],
    [
      "an Execute that is lost, and then a Get too",
      ({ path, number }) => {
        if (path.endsWith("/Execute") && number === 1) return { kind: "hang", effect: true };
        return path.endsWith("/Get") && number <= 2
          ? { kind: "refuse", ...unavailable }
          : undefined;
      },
    ],
    ["a List that fails", spoiling("/List", { kind: "refuse", ...unavailable }, 4)],
    [
      "operations that are not to be had",
      ({ path, number }) =>
        path.startsWith(OPERATIONS) && number <= 2 ? { kind: "refuse", ...unavailable } : undefined,
    ],
  ])("%s runs once, to its end", async (_what, plan) => {
    const request = aRequest();
    upstream.faults.plan(plan);

    const executor = await startedAtLast(executors, request);
    const result = await resultOf(executor, request.attempt);

    expect(result.ending).toBe("exited");
    expect(result.exitCode).toBe(0);
    expect(await executors.beginnings(request.attempt)).toBe(1);
    const jobs = await executors.jobs(request.attempt);
    expect(jobs.map(({ status }) => status)).toEqual([JobStatus.SUCCESS]);
  });

  it.each([
    [
      "INVALID_ARGUMENT",
      grpc.INVALID_ARGUMENT,
      "Instance types g1.1 are not available for your community",
    ],
    ["RESOURCE_EXHAUSTED", grpc.RESOURCE_EXHAUSTED, "Not enough resources in the zone"],
  ])(
    "no capacity, as %s, ends without a trace, and may be started again",
    async (_code, code, details) => {
      const request = aRequest();
      upstream.faults.plan(spoiling("/Execute", { kind: "refuse", code, details }));
      const executor = executors.make();

      await expect(executor.start(request)).rejects.toMatchObject({
        code: "EXECUTION_NO_CAPACITY",
      });
      expect(await executor.poll(request.attempt)).toEqual({ state: "unknown" });
      expect(await executors.jobs(request.attempt)).toEqual([]);

      await executor.start(request);
      expect((await resultOf(executor, request.attempt)).ending).toBe("exited");
      expect(await executors.beginnings(request.attempt)).toBe(1);
    },
  );

  it.each([
    ["a limit", "EXECUTION_LIMITED", grpc.FAILED_PRECONDITION, "Unit balance of the project is 0"],
    ["a refusal", "EXECUTION_PREPARE_FAILED", grpc.INVALID_ARGUMENT, "cmd is too long"],
    ["a missing role", "EXECUTION_PREPARE_FAILED", grpc.PERMISSION_DENIED, "Permission denied"],
  ])("%s is told apart from a lack of machines", async (_what, expected, code, details) => {
    const request = aRequest();
    upstream.faults.plan(spoiling("/Execute", { kind: "refuse", code, details }));

    await expect(executors.make().start(request)).rejects.toMatchObject({ code: expected });

    expect(await executors.jobs(request.attempt)).toEqual([]);
    expect(await executors.beginnings(request.attempt)).toBe(0);
  });
});

describe("an attempt that is given up while it is being started", () => {
  it("is not executed by whoever began before", async () => {
    const request = aRequest();
    const reached = Promise.withResolvers<undefined>();
    const goOn = Promise.withResolvers<undefined>();
    const slow: ExecutionClaims = {
      ...executors.claims,
      claim: async (claim, found) => {
        reached.resolve(undefined);
        await goOn.promise;
        return await executors.claims.claim(claim, found);
      },
    };
    const starting = executors.make({ claims: slow }).start(request);
    starting.catch(() => undefined);
    await reached.promise;

    const report = await executors.make().poll(request.attempt);
    goOn.resolve(undefined);

    expect(report).toEqual({ state: "unknown" });
    await expect(starting).rejects.toMatchObject({ code: "EXECUTOR_UNAVAILABLE" });
    expect(await executors.jobs(request.attempt)).toEqual([]);
    await executors.make().start(request);
    expect((await resultOf(executors.make(), request.attempt)).exitCode).toBe(0);
    expect(await executors.beginnings(request.attempt)).toBe(1);
  });
});

describe.each([
  ["that keeps idempotency keys", false],
  ["that does not", true],
])(
  "with a DataSphere %s, two starters of one attempt, one of which is killed",
  (_kind, forgetsKeys) => {
    beforeEach(() => {
      upstream.faults.forgetsKeys = forgetsKeys;
    });

    const calls = ["before", "after"].flatMap((when) =>
      Array.from({ length: 10 }, (_, index) => [when, index + 1] as const),
    );

    it.each(calls)("%s its call %i, run it once", async (when, dies) => {
      const request = aRequest();
      const points = new CrashPoints();
      points.arm(({ number }) =>
        number === dies ? (when === "before" ? "before" : "after") : undefined,
      );
      await using test = new Opened();
      const mortal = executors.make({
        claims: crashingClaims(executors.claims, points),
        session: crashingSession(upstream.session(test, 10), points),
      });

      await Promise.allSettled([mortal.start(request), startedAtLast(executors, request)]);
      const executor = await startedAtLast(executors, request);
      const result = await resultOf(executor, request.attempt);

      expect(result).toMatchObject({ ending: "exited", exitCode: 0 });
      expect(await executors.beginnings(request.attempt)).toBe(1);
      const executed = (await executors.jobs(request.attempt)).filter(
        ({ status }) => status !== JobStatus.CREATING,
      );
      expect(executed).toHaveLength(1);
    });

    it.each(calls)("%s its call %i, leave it to the one that comes later", async (when, dies) => {
      const request = aRequest();
      const points = new CrashPoints();
      points.arm(({ number }) =>
        number === dies ? (when === "before" ? "before" : "after") : undefined,
      );
      await using test = new Opened();
      const mortal = executors.make({
        claims: crashingClaims(executors.claims, points),
        session: crashingSession(upstream.session(test, 10), points),
      });
      await mortal.start(request).catch(() => undefined);

      const executor = await startedAtLast(executors, request);
      const result = await resultOf(executor, request.attempt);

      expect(result).toMatchObject({ ending: "exited", exitCode: 0 });
      expect(await executors.beginnings(request.attempt)).toBe(1);
      expect(await executors.jobs(request.attempt)).toHaveLength(1);
    });
  },
);

function crashingSession(session: DataSphereSession, points: CrashPoints): DataSphereSession {
  return {
    endpoint: session.endpoint,
    ca: session.ca,
    call: async (method, request, options) =>
      await points.call(method.path, async () => await session.call(method, request, options)),
    stream: (method, request, options) => session.stream(method, request, options),
    close: () => session.close(),
  };
}

function crashingClaims(claims: ExecutionClaims, points: CrashPoints): ExecutionClaims {
  return {
    find: async (attempt) => await points.call("find", async () => await claims.find(attempt)),
    claim: async (claim, found) =>
      await points.call("claim", async () => await claims.claim(claim, found)),
    amend: async (attempt, known) =>
      await points.call("amend", async () => await claims.amend(attempt, known)),
    revoke: async (attempt, execution) =>
      await points.call("revoke", async () => await claims.revoke(attempt, execution)),
    release: async (attempt) => {
      await points.call("release", async () => await claims.release(attempt));
    },
  };
}
