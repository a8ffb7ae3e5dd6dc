// Longer than most: a model of an account, and everything that can happen to one.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { limits as ceilings } from "../../../shared/core/limits.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import {
  adjust,
  applyLimits,
  release,
  setBalance,
  setLimits,
  settle,
  topUp,
  type Account,
  type Posting,
  type StandingLimits,
} from "../../../shared/core/units/account.ts";
import { admit, type Admitted } from "../../../shared/core/units/admission.ts";
import { checks } from "../../../shared/core/units/explain.ts";
import { rebuild, type Entry } from "../../../shared/core/units/ledger.ts";
import { aRequest, anAccount, at, nightly } from "../../support/account-builder.ts";

/**
 * Random lives of an account, followed beside a plain model: a list of what really ran, and sums.
 * The model knows nothing of windows or envelopes. It looks at every trailing hour afterwards.
 */

const minutes = (max: number) => fc.integer({ min: 0, max: max * MINUTE_MS });
const share = fc.integer({ min: 0, max: 100 });
const amount = fc.integer({ min: 1, max: 40_000 });
const unitsPerHour = fc.integer({ min: 3_000, max: 60_000 });
const someLimits: fc.Arbitrary<UnitLimits> = fc.record(
  {
    unitsPerHour,
    unitsPerExecution: fc.integer({ min: 50, max: 20_000 }),
    balance: fc.integer({ min: 0, max: 200_000 }),
    concurrentRuns: fc.integer({ min: 1, max: 12 }),
  },
  { requiredKeys: [] },
);

const admission = fc.record({
  kind: fc.constant("admit" as const),
  rate: fc.constantFrom(4, 8, 32, 72),
  timeoutMs: minutes(90).map((ms) => ms + 1),
  graceMs: fc.constantFrom(0, 10_000),
  startWithinMs: fc.constantFrom(0, 0, 30_000, 300_000),
  /** Percentages: how late within its allowance it starts, and how much of its bound it runs. */
  startShare: share,
  runShare: share,
});
const commandsWith = (to: fc.Arbitrary<UnitLimits>) =>
  fc.oneof(
    { weight: 8, arbitrary: admission },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: minutes(25) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("end" as const), pick: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("topUp" as const), units: amount }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("adjust" as const), units: amount }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("setBalance" as const),
        units: fc.option(amount, { nil: null }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("limits" as const), to }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("setLimits" as const), to }) },
  );
type Command = ReturnType<typeof commandsWith> extends fc.Arbitrary<infer T> ? T : never;
type Asked = Extract<Command, { kind: "admit" }>;

interface Execution {
  readonly attempt: AttemptId;
  readonly startedAt: Instant;
  finishedAt: Instant;
  readonly rate: number;
  state: "open" | "settled" | "released";
}

/** An account and the world beside it. */
class World {
  account: Account;
  now = at("00:00");
  balance: number | null;
  configured: number | undefined;
  /** What the configuration last said of the limits that stand. */
  said: StandingLimits;
  hourLimitMax: number;
  readonly entries: Entry[] = [];
  readonly executions: Execution[] = [];

  constructor(limits: UnitLimits) {
    const { balance, ...others } = limits;
    this.account = anAccount(others);
    this.said = others;
    this.hourLimitMax = limits.unitsPerHour ?? Infinity;
    this.balance = null;
    this.apply(applyLimits(this.account, limits, this.now));
    this.balance = balance ?? null;
    this.configured = balance;
  }

  apply({ account, entries }: Pick<Posting, "account" | "entries">): void {
    expect(account.version).toBe(this.account.version + (account === this.account ? 0 : 1));
    this.account = account;
    this.entries.push(...entries);
  }

  step(command: Command): void {
    const { account, now } = this;
    switch (command.kind) {
      case "admit":
        this.ask(command);
        return;
      case "wait":
        this.now = plusMs(now, command.ms);
        return;
      case "end":
        this.end(command.pick);
        return;
      case "topUp":
        this.apply(topUp(account, { units: command.units, reason: "by hand" }, now));
        if (this.balance !== null) this.balance += command.units;
        return;
      case "adjust":
        this.apply(adjust(account, { units: -command.units, reason: "elsewhere" }, now));
        if (this.balance !== null) this.balance -= command.units;
        return;
      case "setBalance":
        this.apply(setBalance(account, { units: command.units, reason: "by hand" }, now));
        this.balance = command.units;
        return;
      case "limits":
        this.configure(command.to);
        return;
      case "setLimits": {
        const { balance: _balance, ...others } = command.to;
        this.apply(setLimits(account, others, now));
        expect(this.account.limits).toEqual(others);
        this.sawHourLimit();
      }
    }
  }

  /** A limit moves where the configuration changed its mind about it, and nowhere else. */
  configure({ balance, ...others }: UnitLimits): void {
    const before = this.account.limits;
    this.apply(applyLimits(this.account, { balance, ...others } as UnitLimits, this.now));
    for (const name of ["unitsPerHour", "unitsPerExecution", "concurrentRuns"] as const) {
      const isNews = others[name] !== this.said[name];
      expect(this.account.limits[name]).toBe(isNews ? others[name] : before[name]);
    }
    this.said = others;
    this.sawHourLimit();
    if (balance !== this.configured) this.balance = balance ?? null;
    this.configured = balance;
  }

  sawHourLimit(): void {
    this.hourLimitMax = Math.max(this.hourLimitMax, this.account.limits.unitsPerHour ?? Infinity);
  }

  ask(command: Asked): void {
    const request = aRequest({ ...command, attempt: nightly(this.executions.length + 1) });
    const explained = checks(this.account, request, this.now);
    const decision = admit(this.account, request, this.now);
    expect(explained.every(({ holds }) => holds)).toBe(decision.outcome === "admitted");
    if (decision.outcome === "admitted") {
      this.apply(decision);
      this.start(command, decision);
      expect(this.account.held).toBeLessThanOrEqual(this.balance ?? Infinity);
      return;
    }
    expect(decision.explain).toEqual(explained);
    if (decision.relief.kind !== "at") return;
    const { nextEligibleAt } = decision.relief;
    expect(admit(this.account, request, nextEligibleAt).outcome).toBe("admitted");
    expect(admit(this.account, request, instant(nextEligibleAt - 1)).outcome).toBe("denied");
  }

  start({ startWithinMs, startShare, runShare, rate }: Asked, { bound }: Admitted): void {
    const startedAt = plusMs(this.now, Math.floor((startWithinMs * startShare) / 100));
    const longestMs = bound.hardLimitMs + ceilings.killLagMs;
    const finishedAt = plusMs(startedAt, Math.floor((longestMs * runShare) / 100));
    const attempt = nightly(this.executions.length + 1);
    this.executions.push({ attempt, startedAt, finishedAt, rate, state: "open" });
  }

  /** Closes an execution: as it ended, or cut short, or before it began. Closed ones stay closed. */
  end(pick: number): void {
    const execution = this.executions[pick % Math.max(1, this.executions.length)];
    if (execution === undefined) return;
    const heldBefore = this.account.held <= (this.account.balance ?? Infinity);
    const { attempt, startedAt, rate } = execution;
    const closed = execution.state !== "open";
    if (closed) {
      const usage = { startedAt, finishedAt: this.now, rate };
      expect(settle(this.account, attempt, usage, this.now).account).toBe(this.account);
      expect(release(this.account, attempt, "again", this.now).account).toBe(this.account);
    } else if (startedAt > this.now) {
      execution.state = "released";
      this.apply(release(this.account, attempt, "cancelled", this.now));
    } else {
      execution.state = "settled";
      execution.finishedAt = instant(Math.min(execution.finishedAt, this.now));
      const posting = settle(this.account, attempt, execution, this.now);
      this.apply(posting);
      if (this.balance !== null) this.balance -= costOf(execution);
      expect(posting.entries.map(({ kind }) => kind)).toEqual(["settle"]);
    }
    const heldAfter = this.account.held <= (this.account.balance ?? Infinity);
    expect(heldAfter || !heldBefore).toBe(true);
  }

  check(): void {
    const { account, entries } = this;
    const { project, limits, version: _v, ...rest } = account;
    const { configuredLimits = limits, configuredBalance, ...position } = rest;
    expect(rebuild(project, entries)).toEqual(position);
    expect(configuredLimits).toEqual(this.said);
    expect(account.held).toBe(account.open.reduce((sum, { units }) => sum + units, 0));
    expect(account.balance ?? null).toBe(this.balance);
    expect(configuredBalance).toBe(this.configured);
    const open = this.executions.filter(({ state }) => state === "open");
    expect(account.open.map(({ attempt }) => attempt)).toEqual(open.map(({ attempt }) => attempt));
  }

  /** Every trailing hour that ends where something starts, ends or leaves, by plain overlap. */
  checkHours(): void {
    const ran = this.executions.filter(({ state }) => state !== "released").map(billed);
    const ends = ran.flatMap(({ from, to }) => [from, to, from + HOUR_MS, to + HOUR_MS]);
    for (const end of ends) {
      const units = ran.reduce((sum, { from, to, rate }) => {
        const ms = Math.min(to, end) - Math.max(from, end - HOUR_MS);
        return sum + (Math.max(0, ms) * rate) / 1_000;
      }, 0);
      expect(units).toBeLessThanOrEqual(this.hourLimitMax);
    }
  }

  checkEachClosedOnce(): void {
    const closings = this.entries.flatMap((entry) =>
      entry.kind === "settle" || entry.kind === "release" ? [entry.reservation] : [],
    );
    expect(new Set(closings).size).toBe(closings.length);
    const closed = this.executions.filter(({ state }) => state !== "open");
    expect(closings).toHaveLength(closed.length);
  }
}

const secondsOf = ({ startedAt, finishedAt }: Execution): number =>
  Math.ceil((finishedAt - startedAt) / 1_000);

const costOf = (execution: Execution): number => secondsOf(execution) * execution.rate;

function billed(execution: Execution): { from: number; to: number; rate: number } {
  const from = execution.startedAt;
  return { from, to: from + secondsOf(execution) * 1_000, rate: execution.rate };
}

/** A failure is shrunk for this long at most; a passing run takes a tenth of it. */
const PATIENCE = { interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true };

function live(limits: UnitLimits, commands: readonly Command[]): World {
  const world = new World(limits);
  for (const each of commands) {
    world.step(each);
    world.check();
  }
  world.checkHours();
  world.checkEachClosedOnce();
  return world;
}

const lives = (limits: fc.Arbitrary<UnitLimits>) => {
  const shape = { minLength: 20, maxLength: 120, size: "max" } as const;
  return fc.tuple(limits, fc.array(commandsWith(limits), shape));
};

describe("any life of an account", () => {
  it("adds up after every step, whatever is limited and whenever that changes", () => {
    fc.assert(
      fc.property(lives(someLimits), ([limits, commands]) => {
        live(limits, commands);
      }),
      { ...PATIENCE, numRuns: 100 },
    );
  });

  it("never has an hour above the highest limit it ever had", () => {
    const hourly = fc.tuple(someLimits, unitsPerHour).map(([limits, most]) => ({
      ...limits,
      unitsPerHour: most,
    }));
    fc.assert(
      fc.property(lives(hourly), ([limits, commands]) => {
        expect(live(limits, commands).hourLimitMax).toBeLessThanOrEqual(60_000);
      }),
      { ...PATIENCE, numRuns: 150 },
    );
  });
});
