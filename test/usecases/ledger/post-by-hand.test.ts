import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { mirror } from "../../../shared/core/units/mirror.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { requestsTable } from "../../../shared/records/tables.ts";
import { postByHand, type HandPosting } from "../../../shared/usecases/ledger/post-by-hand.ts";
import { verifyLedger } from "../../../shared/usecases/ledger/verify-ledger.ts";
import { aConfiguration, aSchedule, PROJECT } from "../../support/builders.ts";
import { ledgerOf } from "../../support/invariants.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { ScriptedProvider } from "../../support/scripted-provider.ts";
import { exits } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  // Every body runs twice, as it may in a database.
  world = new World({ seenStore: rerunningStore });
});
afterEach(async () => await world.close());

async function configure(balance?: number): Promise<void> {
  const schedules = [aSchedule({ timing: null, overlap: "allow" })];
  await world.apply(
    aConfiguration({ schedules, limits: balance === undefined ? {} : { balance } }),
  );
}

const post = async (fields: Partial<HandPosting>) =>
  await postByHand(world.services, {
    project: PROJECT,
    movement: { kind: "topUp", units: 500 },
    by: "anna",
    reason: "invoice 4711",
    ...fields,
  });

const codeOf = async (posted: Promise<unknown>): Promise<unknown> =>
  await posted.then(
    () => "posted",
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );

describe("units that somebody moves by hand", () => {
  it("are an entry that says who did it and why", async () => {
    await configure(1_000);

    const added = await post({});
    const taken = await post({ movement: { kind: "adjust", units: -2_000 }, reason: "by hand" });
    const set = await post({ movement: { kind: "setBalance", units: 70 }, reason: "" });
    const away = await post({ movement: { kind: "setBalance", units: null }, reason: "" });

    const posted = [added, taken, set, away].map(({ entry }) => entry);
    expect(posted).toMatchObject([
      { seq: 2, kind: "topUp", units: 500, reason: "by anna: invoice 4711", balanceAfter: 1_500 },
      { seq: 3, kind: "adjust", units: -2_000, reason: "by anna: by hand", balanceAfter: -500 },
      { seq: 4, kind: "setBalance", units: 70, reason: "by anna", balanceAfter: 70 },
      { seq: 5, kind: "setBalance", units: null, reason: "by anna" },
    ]);
    expect((await ledgerOf(world)).entries.slice(1)).toEqual(posted);
    expect(await verifyLedger(world.services, PROJECT)).toMatchObject({ differenceCount: 0 });
  });

  it("let a run start at once that waited for them", async () => {
    await configure(100);
    world.willRun("nightly", exits(MINUTE_MS));
    await world.askRun("nightly", "waits");
    await world.advance(MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["waiting (limit_balance)"]);

    await post({ movement: { kind: "topUp", units: 10_000 } });
    await world.advance(SECOND_MS);

    expect(await world.states("nightly")).toEqual(["running"]);
  });

  it("let a run start by the tick alone where every message is lost", async () => {
    await configure(100);
    world.willRun("nightly", exits(SECOND_MS));
    await world.askRun("nightly", "waits");
    await world.advance(MINUTE_MS);
    world.loses = () => true;
    await post({ movement: { kind: "setBalance", units: null } });
    world.loses = () => false;

    await world.tick();
    await world.advance(5 * SECOND_MS);

    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });
});

describe("a wish with an id", () => {
  it("is granted once, and a repeat finds its entry, also after many others", async () => {
    await configure(1_000);
    const first = await post({ id: "invoice" });
    for (let n = 0; n < 2 * limits.accountTailEntries; n += 1) await post({ id: `more-${n}` });

    const again = await post({ id: "invoice", by: "boris" });

    expect(first.repeated).toBe(false);
    expect(again).toEqual({ entry: first.entry, repeated: true });
    expect((await ledgerOf(world)).account.balance).toBe(1_000 + 17 * 500);
  });

  it("is another wish in another project, and without an id every one is new", async () => {
    await configure(1_000);
    const other = projectId("other");
    await world.apply(
      aConfiguration({
        schedules: [aSchedule({ timing: null })],
        ...{ projects: [PROJECT, other].map((project) => ({ project, limits: { balance: 9 } })) },
      }),
    );
    await post({ id: "one" });
    await post({ id: undefined });
    await post({ id: undefined });

    const { entry, repeated } = await post({ id: "one", project: other });

    expect({ units: entry.balanceAfter, repeated }).toEqual({ units: 509, repeated: false });
    expect((await ledgerOf(world)).account.balance).toBe(1_509);
    const requests = await world.store.snapshot(
      async (reader) => await reader.scan(requestsTable, { limit: 10 }),
    );
    expect(requests.map(({ scope, key }) => [scope, key])).toEqual([
      ["ledger:demo", "one"],
      ["ledger:other", "one"],
    ]);
  });

  it.each<readonly [string, Partial<HandPosting>]>([
    ["other units", { movement: { kind: "topUp", units: 501 } }],
    ["another kind", { movement: { kind: "adjust", units: 500 } }],
    ["another reason", { reason: "invoice 4712" }],
  ])("is refused for %s under the same id", async (_what, other) => {
    await configure(1_000);
    await post({ id: "invoice" });

    expect(await codeOf(post({ id: "invoice", ...other }))).toBe("REQUEST_CONFLICT");
    expect((await ledgerOf(world)).account.balance).toBe(1_500);
  });

  it("is forgotten after its retention", async () => {
    await configure(1_000);
    await post({ id: "invoice" });
    await world.clock.advance(limits.requestRetentionMs + 1);

    expect((await post({ id: "invoice" })).repeated).toBe(false);
  });
});

describe("what is refused leaves no entry", () => {
  it.each<readonly [string, HandPosting["movement"]]>([
    ["a top up of nothing", { kind: "topUp", units: 0 }],
    ["a top up below zero", { kind: "topUp", units: -5 }],
    ["a top up of half a unit", { kind: "topUp", units: 0.5 }],
    ["more than can be told apart", { kind: "topUp", units: 2 ** 53 }],
    ["a balance that would be too large", { kind: "topUp", units: Number.MAX_SAFE_INTEGER }],
    ["an adjustment of nothing", { kind: "adjust", units: 0 }],
    ["a balance below zero", { kind: "setBalance", units: -1 }],
    ["no number", { kind: "setBalance", units: NaN }],
  ])("%s", async (_what, movement) => {
    await configure(1_000);

    expect(await codeOf(post({ movement }))).toBe("ARGUMENT_INVALID");
    expect((await ledgerOf(world)).entries).toHaveLength(1);
  });

  it("a balance that would be too small", async () => {
    await configure(0);
    const most = { kind: "adjust", units: -Number.MAX_SAFE_INTEGER } as const;
    await post({ movement: most });

    expect(await codeOf(post({ movement: { kind: "adjust", units: -1 } }))).toBe(
      "ARGUMENT_INVALID",
    );
  });

  it("a project that has no balance, with the way to one", async () => {
    await configure();

    for (const kind of ["topUp", "adjust"] as const) {
      const posting = post({ movement: { kind, units: 5 } });
      await expect(posting).rejects.toMatchObject({
        code: "BALANCE_UNSET",
        message: expect.stringContaining("orrery ledger set-balance demo UNITS") as string,
      });
    }
    expect((await ledgerOf(world)).entries).toEqual([]);
  });

  it("a project that nobody knows", async () => {
    await configure();

    expect(await codeOf(post({ project: projectId("dmeo") }))).toBe("PROJECT_NOT_FOUND");
  });

  it("a project that DataSphere owns", async () => {
    await configure(1_000);
    await world.store.transact("mirror", async (tx) => {
      const account = await readAccount(tx, PROJECT);
      const now = plusMs(world.clock.now(), 1);
      const look = { askedAt: now, answeredAt: now, limits: {}, balance: 1_000 };
      const mirrored = mirror(account, look, now);
      await writeAccount(tx, mirrored.account, mirrored.entries);
    });

    for (const kind of ["topUp", "adjust", "setBalance"] as const) {
      expect(await codeOf(post({ movement: { kind, units: 5 } }))).toBe("BALANCE_ELSEWHERE");
    }
    expect((await ledgerOf(world)).account.balance).toBe(1_000);
  });

  it("a project of DataSphere that was never asked for", async () => {
    await configure(1_000);
    const services = { ...world.services, provider: new ScriptedProvider() };
    const movement = { kind: "topUp", units: 5 } as const;
    const posting = { project: PROJECT, movement, by: "anna", reason: "" };

    expect(await codeOf(postByHand(services, posting))).toBe("BALANCE_ELSEWHERE");
  });
});
