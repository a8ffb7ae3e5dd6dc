import type { DescMethodUnary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../../shared/core/time/instant.ts";
import { UsageService, type Entry } from "../../../../shared/gen/orrery/v1/usage_service_pb.ts";
import { accountsTable } from "../../../../shared/records/tables.ts";
import { aConfiguration, aSchedule, PROJECT, START_AT } from "../../../support/builders.ts";
import { exits, obeys } from "../../../support/scripted-executor.ts";
import { allPages, onProject, OrreryWorld, type Headers } from "./orrery-world.ts";

const { listEntries, verifyLedger, topUp, adjust, setBalance, listAccounts } = UsageService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  const schedules = [aSchedule({ timing: null, overlap: "allow" })];
  await world.apply(aConfiguration({ schedules, limits: { balance: 100_000 } }));
});
afterEach(async () => await world.close());

/** Runs of ten seconds at 4 units a second, a minute from one to the next. */
async function spend(runs: number): Promise<void> {
  for (let n = 0; n < runs; n += 1) {
    world.willRun("nightly", exits(10 * SECOND_MS));
    await world.askRun("nightly", `at-${world.clock.now()}`);
    await world.live(MINUTE_MS);
  }
}

const minute = (number: number): Instant => plusMs(START_AT, number * MINUTE_MS);

async function entries(request: object): Promise<readonly Entry[]> {
  const pages = await allPages(async (pageToken) => {
    const page = await world.invoke(listEntries, { project: "demo", ...request, pageToken });
    return { items: page.entries, next: page.nextPageToken };
  });
  return pages.flat();
}

describe("entries of a ledger", () => {
  it("are listed from the oldest on, and within a period", async () => {
    await spend(5);

    const all = await entries({ oldestFirst: true, pageSize: 3n });
    const some = await entries({
      ...{ oldestFirst: true, pageSize: 2n },
      from: timestampFromMs(minute(1)),
      until: timestampFromMs(minute(3)),
    });

    expect(all.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    // A hold and a settlement in each minute.
    expect(some).toEqual(all.slice(3, 7));
    expect(await entries({ from: timestampFromMs(minute(4)) })).toEqual(all.slice(9).toReversed());
  });

  it("tell when units are spent, at which rate, and what was really spent", async () => {
    await spend(1);
    world.willRun("nightly", obeys);
    await world.askRun("nightly", "running");
    await world.live(SECOND_MS);

    const [hold, settle, first] = [...(await entries({ oldestFirst: true }))].slice(1);

    const startAt = timestampFromMs(START_AT);
    expect(hold).toMatchObject({ kind: "hold", rate: 4n, spendStartAt: startAt });
    // Twenty minutes to start in, and half an hour and the grace to run.
    expect(hold?.spendEndAt).toEqual(timestampFromMs(plusMs(minute(50), 10 * SECOND_MS)));
    expect(hold?.spendUnits).toBeUndefined();
    expect(settle).toMatchObject({ kind: "settle", units: 40n, rate: 4n, spendUnits: 40n });
    expect(settle?.spendStartAt).toEqual(startAt);
    expect(settle?.spendEndAt).toEqual(timestampFromMs(plusMs(START_AT, 10 * SECOND_MS)));
    expect(first?.kind).toBe("hold");
    const [balance] = await entries({ oldestFirst: true, pageSize: 1n });
    expect([balance?.rate, balance?.spendStartAt]).toEqual([undefined, undefined]);
  });

  it.each([
    ["page_token", { pageToken: encodePageToken("entries", [3]), oldestFirst: true }],
    ["page_token", { pageToken: encodePageToken("oldest entries", [3]) }],
    ["until", { from: timestampFromMs(minute(2)), until: timestampFromMs(minute(1)) }],
    ["from", { from: { seconds: -5n, nanos: 0 } }],
    ["until", { until: { seconds: 253_402_300_800n, nanos: 0 } }],
  ])("are refused where a %s is wrong", async (field, request) => {
    const failure = await world.refusal(listEntries, { project: "demo", ...request });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain(field);
  });
});

describe("a verification", () => {
  it("counts the entries of a sound ledger", async () => {
    await spend(5);

    expect(await world.invoke(verifyLedger, { project: "demo" })).toMatchObject({
      ...{ project: "demo", entries: 11n, sound: true },
      ...{ differences: [], differenceCount: 0n },
    });
  });

  it("tells what differs", async () => {
    await world.store.transact("corrupt", async (tx) => {
      const row = await tx.get(accountsTable, { project: PROJECT });
      if (row === undefined) throw new Error("there is an account");
      tx.put(accountsTable, { ...row, body: { ...(row.body as object), balance: 100_001 } });
    });

    expect(await world.invoke(verifyLedger, { project: "demo" })).toMatchObject({
      sound: false,
      differences: [{ place: "the account's balance", expected: "100000", found: "100001" }],
      differenceCount: 1n,
    });
  });
});

describe("a balance that is moved over the API", () => {
  it("says in its ledger who moved it and why", async () => {
    const anna = await world.userOf("anna", { role: "admin", on: onProject("demo") });
    const request = { project: "demo", units: 500n, reason: " invoice 4711 " };

    const added = await world.invoke(topUp, request, anna);
    const adjusted = await world.invoke(adjust, { ...request, units: -70n, reason: "by hand" });
    const set = await world.invoke(setBalance, { project: "demo", units: 0n }, anna);
    const away = await world.invoke(setBalance, { project: "demo" });

    expect([added, adjusted, set, away]).toMatchObject([
      { entry: { kind: "topUp", reason: "by anna: invoice 4711", balanceAfter: 100_500n } },
      { entry: { kind: "adjust", reason: "by orrery: by hand", balanceAfter: 100_430n } },
      { entry: { kind: "setBalance", reason: "by anna", units: 0n, balanceAfter: 0n } },
      { entry: { kind: "setBalance", reason: "by orrery" } },
    ]);
    expect([away.entry?.units, away.entry?.balanceAfter]).toEqual([undefined, undefined]);
  });

  it("is moved once for an id, and once for an Idempotency-Key of each caller", async () => {
    const [anna, boris] = [
      await world.userOf("anna", { role: "admin", on: onProject("demo") }),
      await world.userOf("boris", { role: "admin", on: onProject("demo") }),
    ];
    const request = { project: "demo", units: 500n };
    const add = async (headers: Headers, fields = {}) =>
      await world.invoke(topUp, { ...request, ...fields }, headers);
    const keyed = (headers: Headers) => ({ ...headers, "idempotency-key": "key-1" });

    const byId = [await add(anna, { id: "one" }), await add(boris, { id: "one" })];
    const byKey = [await add(keyed(anna)), await add(keyed(anna)), await add(keyed(boris))];
    const fresh = [await add(anna), await add(anna)];

    const answers = [...byId, ...byKey, ...fresh];
    expect(answers.map(({ entry }) => entry?.seq)).toEqual([2n, 2n, 3n, 3n, 4n, 5n, 6n]);
    expect(answers.map(({ repeated }) => repeated)).toEqual([
      ...[false, true, false, true, false, false, false],
    ]);
    const conflict = { ...request, units: 501n };
    expect((await world.refusal(topUp, { ...conflict, id: "one" })).code).toBe(Code.ALREADY_EXISTS);
    expect((await world.refusal(topUp, conflict, keyed(anna))).code).toBe(Code.ALREADY_EXISTS);
  });

  it.each([
    ["nothing to add", topUp, { units: 0n }],
    ["below zero", topUp, { units: -1n }],
    ["beyond what can be told apart", topUp, { units: 2n ** 53n }],
    ["no adjustment", adjust, { units: 0n, reason: "why" }],
    ["no reason", adjust, { units: 5n }],
    ["a long reason", topUp, { units: 5n, reason: "x".repeat(201) }],
    ["a long id", topUp, { units: 5n, id: "x".repeat(201) }],
    ["a balance below zero", setBalance, { units: -1n }],
  ])("is refused for %s", async (_what, method, request) => {
    const failure = await world.refusal(method, { project: "demo", ...request });

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(await entries({})).toHaveLength(1);
  });

  it("is refused with a way out where there is none", async () => {
    await world.invoke(setBalance, { project: "demo" });

    const failure = await world.refusal(topUp, { project: "demo", units: 5n });

    expect(failure.code).toBe(Code.FAILED_PRECONDITION);
    expect(failure.message).toContain("orrery ledger set-balance");
  });
});

describe("who may do what with a ledger", () => {
  it("is by role: editors look, admins move, and the platform alone sees all", async () => {
    const on = onProject("demo");
    const headers = {
      nobody: {},
      stranger: await world.userOf("strange", { role: "admin", on: onProject("other") }),
      developer: await world.userOf("dev", { role: "developer", on }),
      editor: await world.userOf("ed", { role: "editor", on }),
      admin: await world.userOf("ada", { role: "admin", on }),
    };
    const calls: readonly (readonly [DescMethodUnary, string])[] = [
      [listEntries, "editor"],
      [verifyLedger, "editor"],
      [topUp, "admin"],
      [adjust, "admin"],
      [setBalance, "admin"],
      [listAccounts, "platform"],
    ];
    const ranks = ["developer", "editor", "admin", "platform"];
    for (const [method, least] of calls) {
      const request = method === listAccounts ? {} : { project: "demo", units: 5n, reason: "why" };
      const codeFor = async (who: keyof typeof headers) =>
        await world.invoke(method, request, headers[who]).then(
          () => 0,
          (error: unknown) => (error as { code: number }).code,
        );
      expect(await codeFor("nobody")).toBe(Code.UNAUTHENTICATED);
      expect(await codeFor("stranger")).toBe(Code.PERMISSION_DENIED);
      for (const who of ["developer", "editor", "admin"] as const) {
        const may = ranks.indexOf(who) >= ranks.indexOf(least);
        expect([method.name, who, await codeFor(who)]).toEqual([
          ...[method.name, who, may ? 0 : Code.PERMISSION_DENIED],
        ]);
      }
      if (method === listAccounts) continue;
      const unknown = await world.refusal(method, { project: "dmeo", units: 5n, reason: "why" });
      expect(unknown.code).toBe(Code.NOT_FOUND);
    }
  });
});

describe("the accounts of an installation", () => {
  it("are listed by project, with what they come to", async () => {
    const projects = ["a", "b", "c"].map((project) => ({ project, limits: { balance: 5 } }));
    await world.apply({ ...aConfiguration({ schedules: [] }), projects } as never);

    const pages = await allPages(async (pageToken) => {
      const page = await world.invoke(listAccounts, { pageSize: 2n, pageToken });
      return { items: page.accounts, next: page.nextPageToken };
    });

    expect(pages.flat().map(({ project }) => project)).toEqual(["a", "b", "c", "demo"]);
    expect(pages[0]?.[0]).toMatchObject({ entries: 1n, balance: 5n, heldUnits: 0n });
    const pageToken = encodePageToken("entries", [1]);
    expect((await world.refusal(listAccounts, { pageToken })).code).toBe(Code.INVALID_ARGUMENT);
  });
});
