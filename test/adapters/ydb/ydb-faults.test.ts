// One file, because it is one table: every request, ended in every way.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FailureStatus, YdbFailure } from "../../../shared/adapters/ydb/failure.ts";
import { messageOf, OrreryError, type ErrorCode } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import { countersTable } from "../../contract/store-tables.ts";
import type { Double, FaultOutcome } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import {
  counterAt,
  type FaultBench,
  increment,
  makeFaultBench,
  type RequestName,
} from "./fault-bench.ts";

/**
 * Every request that a transaction makes, ended in every way that a database and a network have:
 * once, and for as long as its caller tries.
 */

let double: Double;
let bench: FaultBench;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());
beforeEach(() => {
  bench = makeFaultBench(double);
});
afterEach(async () => {
  await bench.dispose();
});

/** An error's code, or the status of a failure that reached the caller as it is. */
type Heard = ErrorCode | FailureStatus;

interface Way {
  readonly outcome: FaultOutcome;
  /** What a caller hears: at once where no other try can help, else when time is up. */
  readonly heard: Heard;
  /** Whether another try can help. */
  readonly passes: boolean;
  /** Whether a commit that ends so may have happened all the same. */
  readonly hides: boolean;
}

const passing = (outcome: FaultOutcome, heard: Heard = "STORE_UNAVAILABLE"): Way => ({
  ...{ outcome, heard, passes: true, hides: false },
});
const hiding = (outcome: FaultOutcome): Way => ({
  ...{ outcome, heard: "STORE_UNAVAILABLE", passes: true, hides: true },
});
const final = (outcome: FaultOutcome, heard: Heard): Way => ({
  ...{ outcome, heard, passes: false, hides: false },
});
const finalAndHiding = (outcome: FaultOutcome, heard: Heard): Way => ({
  ...{ outcome, heard, passes: false, hides: true },
});

const WAYS: readonly Way[] = [
  passing({ status: "ABORTED" }, "STORE_BUSY"),
  passing({ status: "UNAVAILABLE" }),
  passing({ status: "OVERLOADED" }, "STORE_THROTTLED"),
  passing({ grpc: 8 }, "STORE_THROTTLED"),
  passing({ status: "BAD_SESSION" }),
  passing({ status: "SESSION_BUSY" }),
  passing({ status: "NOT_FOUND" }),
  passing("kill session"),
  hiding({ status: "SESSION_EXPIRED" }),
  hiding({ status: "TIMEOUT" }),
  hiding({ status: "CANCELLED" }),
  hiding({ status: "UNDETERMINED" }),
  hiding({ grpc: 1 }),
  hiding({ grpc: 4 }),
  hiding({ grpc: 13 }),
  hiding({ grpc: 14 }),
  hiding("hang"),
  hiding("drop connection"),
  final({ status: "BAD_REQUEST" }, "BAD_REQUEST"),
  final({ status: "PRECONDITION_FAILED" }, "PRECONDITION_FAILED"),
  final({ status: "ALREADY_EXISTS" }, "ALREADY_EXISTS"),
  final({ status: "UNSUPPORTED" }, "UNSUPPORTED"),
  final({ status: "SCHEME_ERROR" }, "STORE_SCHEMA_UNKNOWN"),
  final({ status: "UNAUTHORIZED" }, "STORE_UNAVAILABLE"),
  final({ grpc: 16 }, "STORE_UNAVAILABLE"),
  finalAndHiding({ status: "GENERIC_ERROR" }, "GENERIC_ERROR"),
  finalAndHiding({ status: "INTERNAL_ERROR" }, "STORE_UNAVAILABLE"),
  finalAndHiding({ grpc: 2 }, "STORE_UNAVAILABLE"),
];

function nameOf(outcome: FaultOutcome): string {
  if (typeof outcome === "string") return outcome;
  return "status" in outcome ? outcome.status : `gRPC ${outcome.grpc}`;
}

function named(ways: readonly Way[]): (readonly [string, Way])[] {
  return ways.map((way) => [nameOf(way.outcome), way]);
}

const WHEN = ["before", "after"] as const;

/** What a call ended with: nothing where it succeeded. */
async function heardFrom(call: Promise<unknown>): Promise<Heard | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof OrreryError) return error.code;
    if (error instanceof YdbFailure) return error.status;
    throw new Error(`neither an error of ours nor a failure: ${messageOf(error)}`);
  }
}

/** First reads, later reads and commits since the last `forget`. */
function queries(): readonly number[] {
  const requests = bench.requests();
  return (["the first read", "a later read", "the commit"] as const).map(
    (name) => requests[name] ?? 0,
  );
}

describe.each(["the first read", "a later read"] as const)("%s that once ends", (request) => {
  describe.each(WHEN)("%s its effect with", (when) => {
    it.each(named(WAYS))("%s", async (_name, { outcome, passes, heard }) => {
      await increment(bench.store);
      bench.forget();
      const fault = bench.fault(request, outcome, { when });
      expect(await heardFrom(increment(bench.store))).toBe(passes ? undefined : heard);

      expect(fault.hits).toBe(1);
      const reads = request === "the first read" ? [1, 0] : [1, 1];
      // A session that ends after it has answered is missed by the request that follows.
      const met =
        outcome === "kill session" && when === "after" ? killedAfter(request) : [...reads, 0];
      expect(queries()).toEqual(passes ? met.map((count) => count + 1) : met);
      expect(bench.requests()["a session"] ?? 0).toBeLessThanOrEqual(1);
      expect(counterAt(double, bench.database)).toBe(passes ? 2 : 1);
      fault.remove();
      expect(await increment(bench.store)).toBe(passes ? 3 : 2);
      expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
    });
  });
});

function killedAfter(request: RequestName): readonly number[] {
  return request === "the first read" ? [1, 1, 0] : [1, 1, 1];
}

describe.each(["discovery", "a session"] as const)("%s that once ends", (request) => {
  // A session that nobody could be told of stays until the server forgets it.
  const unheardOf = request === "a session" ? 1 : 0;

  describe.each(WHEN)("%s its effect with", (when) => {
    const ways = WAYS.filter(({ outcome }) => outcome !== "kill session");
    it.each(named(ways))("%s", async (_name, { outcome, passes, heard }) => {
      const fault = bench.fault(request, outcome, { when });
      // Nobody waits for a session longer than for all of a transaction.
      const isWorthAnotherTry = passes && !(outcome === "hang" && request === "a session");
      expect(await heardFrom(increment(bench.store))).toBe(isWorthAnotherTry ? undefined : heard);
      expect(fault.hits).toBe(1);
      expect(queries()).toEqual(isWorthAnotherTry ? [1, 1, 1] : [0, 0, 0]);
      fault.remove();
      expect(await increment(bench.store)).toBe(isWorthAnotherTry ? 2 : 1);
      const left = await bench.dispose();
      expect(left.transactions).toBe(0);
      expect(left.sessions).toBeLessThanOrEqual(
        when === "after" || outcome === "hang" ? unheardOf : 0,
      );
    });
  });
});

describe("a commit that once ends before its effect with", () => {
  it.each(named(WAYS))("%s", async (_name, { outcome, passes, heard, hides }) => {
    await increment(bench.store);
    bench.forget();
    const fault = bench.fault("the commit", outcome, { when: "before" });
    // What hides an effect is looked up: its row is still as it was, so it is made now.
    const succeeds = passes || hides;
    expect(await heardFrom(increment(bench.store))).toBe(succeeds ? undefined : heard);
    expect(fault.hits).toBe(1);
    expect(queries()).toEqual(succeeds ? [2, hides ? 3 : 2, 2] : [1, 1, 1]);
    expect(counterAt(double, bench.database)).toBe(succeeds ? 2 : 1);
    fault.remove();
    expect(await increment(bench.store)).toBe(succeeds ? 3 : 2);
    expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
  });
});

describe("a commit that happened, and is answered with", () => {
  const ways = WAYS.filter(({ hides }) => hides);
  it.each(named(ways))("%s: it is found, and not repeated", async (_name, { outcome }) => {
    await increment(bench.store);
    bench.forget();
    const fault = bench.fault("the commit", outcome, { when: "after" });
    expect(await increment(bench.store)).toBe(2);
    expect(fault.hits).toBe(1);
    expect(queries()).toEqual([2, 1, 1]);
    expect(counterAt(double, bench.database)).toBe(2);
    expect(await increment(bench.store)).toBe(3);
    expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
  });
});

describe("a commit of what only read, that once ends with", () => {
  const ways = WAYS.filter(({ passes }) => passes);
  const read = async (): Promise<number | undefined> =>
    await bench.store.transact("read", async (tx) => {
      return (await tx.get(countersTable, { name: "n" }))?.value;
    });

  it.each(named(ways))("%s: is read again, for nothing is in doubt", async (_name, { outcome }) => {
    await increment(bench.store);
    bench.forget();
    const fault = bench.fault("the commit", outcome, { when: "before" });
    expect(await read()).toBe(1);
    expect(fault.hits).toBe(1);
    expect(queries()).toEqual([2, 0, 2]);
    expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
  });
});

describe("a rollback that ends with", () => {
  const body = async (): Promise<void> => {
    await bench.store.snapshot(async (reader) => {
      expect(await reader.get(countersTable, { name: "n" })).toMatchObject({ value: 1 });
    });
  };

  it.each(WHEN.flatMap((when) => WAYS.map((way) => [nameOf(way.outcome), when, way] as const)))(
    "%s %s its effect changes nothing for the caller",
    async (_name, when, { outcome }) => {
      await increment(bench.store);
      bench.forget();
      const fault = bench.fault("a rollback", outcome, { when });
      await body();
      expect(fault.hits).toBe(1);
      expect(queries()).toEqual([1, 0, 0]);
      await body();
      expect(await increment(bench.store)).toBe(2);
      expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
    },
  );

  it("an error of the server leaves the body's own error as it is", async () => {
    const fault = bench.fault("a rollback", { grpc: 14 }, { when: "before" });
    const own = new OrreryError("RUN_NOT_FOUND", "of the body");
    const call = bench.store.transact("fails", async (tx) => {
      await tx.get(countersTable, { name: "n" });
      throw own;
    });
    await expect(call).rejects.toBe(own);
    expect(fault.hits).toBe(1);
    expect(await increment(bench.store)).toBe(1);
  });
});

describe("a session's end that ends with", () => {
  it.each(named(WAYS))("%s is nobody's business", async (_name, { outcome }) => {
    await increment(bench.store);
    bench.fault("the first read", { status: "BAD_SESSION" }, { when: "before" });
    const fault = bench.fault("a session's end", outcome, { when: "before" });
    expect(await increment(bench.store)).toBe(2);
    await fault.hit;
    expect(await increment(bench.store)).toBe(3);
  });
});

describe.each(["discovery", "a session", "the first read", "a later read"] as const)(
  "%s that never works",
  (request) => {
    const ways = WAYS.filter(({ outcome }) =>
      ["ABORTED", "OVERLOADED", "gRPC 8", "gRPC 14", "hang"].includes(nameOf(outcome)),
    );

    it.each(named(ways))("because of %s is given up in time", async (_name, { outcome, heard }) => {
      const fault = bench.fault(request, outcome, { when: "before", times: Infinity });
      const startedMs = bench.clock.waits.monotonicMs();
      expect(await heardFrom(increment(bench.store))).toBe(heard);
      const tookMs = bench.clock.waits.monotonicMs() - startedMs;
      // Whoever hangs is let go a request's time later at the latest.
      expect(tookMs).toBeGreaterThan(limits.ydbTransactionMs - limits.ydbThrottledMaxMs);
      expect(tookMs).toBeLessThanOrEqual(limits.ydbTransactionMs + limits.ydbRequestMs);
      // Waits grow, so fifteen seconds of them are a hundred tries or so, and here tries take no time.
      expect(fault.hits).toBeLessThan(150);
      expect(counterAt(double, bench.database)).toBe(undefined);
      fault.remove();
      expect(await increment(bench.store)).toBe(1);
    });
  },
);

describe("a commit that never works because of", () => {
  const ways = WAYS.filter(({ outcome }) =>
    ["ABORTED", "OVERLOADED", "UNDETERMINED", "hang", "GENERIC_ERROR"].includes(nameOf(outcome)),
  );

  it.each(named(ways))("%s", async (_name, { outcome, heard, hides }) => {
    await increment(bench.store);
    const fault = bench.fault("the commit", outcome, { when: "before", times: Infinity });
    // The last try's commit is in doubt: time was up before anybody could look.
    const code = hides ? "STORE_OUTCOME_UNKNOWN" : heard;
    expect(await heardFrom(increment(bench.store))).toBe(code);
    expect(fault.hits).toBeLessThan(150);
    expect(counterAt(double, bench.database)).toBe(1);
    fault.remove();
    // What hung goes on now, and its session may not have ended yet: the doubt was justified.
    const next = await increment(bench.store);
    expect(outcome === "hang" ? [2, 3] : [2]).toContain(next);
  });
});
