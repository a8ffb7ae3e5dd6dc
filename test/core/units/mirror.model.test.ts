import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { settle, type Account, type Posting } from "../../../shared/core/units/account.ts";
import { admit } from "../../../shared/core/units/admission.ts";
import { rebuild, type Entry } from "../../../shared/core/units/ledger.ts";
import { mirror, type ProviderLook } from "../../../shared/core/units/mirror.ts";
import { aRequest, anAccount, at, nightly } from "../../support/account-builder.ts";

/**
 * Random lives of a project beside a provider that charges it by its own lights: our work second by
 * second or some time after its end, and that of others whenever it likes. Looks are asked for, read
 * and applied at different instants, with anything in between. The model knows what was really
 * charged and to whom; the rule sees the balance alone.
 */

const START = at("08:00");
const FIRST_BALANCE = 60_000;
const RUNS = 400;

const units = fc.integer({ min: 1, max: 8_000 });
const charging = fc.oneof(
  fc.constant({ kind: "running" as const }),
  fc.record({
    kind: fc.constant("ended" as const),
    lagMs: fc.integer({ min: 0, max: limits.providerChargeLagMs - 1 }),
  }),
);
const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("admit" as const),
      rate: fc.constantFrom(4, 8, 32),
      timeoutMs: fc.integer({ min: SECOND_MS, max: 20 * MINUTE_MS }),
      runShare: fc.integer({ min: 0, max: 100 }),
      charging,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.integer({ min: 1, max: 8 * MINUTE_MS }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("settle" as const), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("foreign" as const), units }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("added" as const), units }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("ask" as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("read" as const), pick: fc.nat(5) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("apply" as const), pick: fc.nat(5) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Admission = Extract<Command, { kind: "admit" }>;

interface Work {
  readonly attempt: AttemptId;
  readonly rate: number;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly charging: Admission["charging"];
  isSettled: boolean;
}

interface Asked {
  readonly askedAt: Instant;
  look?: ProviderLook & { readonly balance: number };
}

class Life {
  account: Account;
  now: Instant = START;
  foreign = 0;
  added = 0;
  readonly work: Work[] = [];
  readonly asked: Asked[] = [];
  readonly entries: Entry[] = [];
  readonly order: "in order" | "in any order";

  constructor(order: Life["order"]) {
    this.order = order;
    this.account = anAccount();
    this.look();
  }

  /** What the provider has charged for a piece of our work by an instant. */
  charged({ rate, startedAt, finishedAt, charging: how }: Work, by: Instant): number {
    const total = Math.ceil((finishedAt - startedAt) / SECOND_MS) * rate;
    if (how.kind === "ended") return by >= plusMs(finishedAt, how.lagMs) ? total : 0;
    const ranMs = Math.min(by, finishedAt) - startedAt;
    return Math.min(total, Math.max(0, Math.ceil(ranMs / SECOND_MS)) * rate);
  }

  get theirs(): number {
    const ours = this.work.reduce((sum, work) => sum + this.charged(work, this.now), 0);
    return FIRST_BALANCE + this.added - this.foreign - ours;
  }

  do(step: Command): void {
    switch (step.kind) {
      case "admit":
        this.admit(step);
        return;
      case "wait":
        this.now = plusMs(this.now, step.ms);
        return;
      case "settle":
        this.settle(step.pick);
        return;
      case "foreign":
        this.foreign += step.units;
        return;
      case "added":
        this.added += step.units;
        return;
      case "ask":
        // One process looks once at a time; several do not wait for each other.
        if (this.order === "in order" && this.asked.length > 0) return;
        // Time passes between any two things, so no two happen at one instant.
        this.now = plusMs(this.now, 1);
        this.asked.push({ askedAt: this.now });
        return;
      case "read":
        this.read(this.picked(step.pick, false));
        return;
      case "apply":
        this.apply(this.picked(step.pick, true));
    }
  }

  picked(pick: number, isRead: boolean): Asked | undefined {
    const fitting = this.asked.filter(({ look }) => (look !== undefined) === isRead);
    return this.order === "in order"
      ? this.asked.slice(0, 1).find((each) => fitting.includes(each))
      : fitting[pick % Math.max(1, fitting.length)];
  }

  admit(step: Admission): void {
    const { rate, timeoutMs } = step;
    const attempt = nightly(this.work.length + 1);
    this.now = plusMs(this.now, 1);
    const admission = admit(this.account, aRequest({ attempt, rate, timeoutMs }), this.now);
    if (admission.outcome !== "admitted") return;
    this.post(admission);
    const ranMs = Math.round((admission.bound.hardLimitMs * step.runShare) / 100);
    const finishedAt = plusMs(this.now, ranMs);
    const { charging: how } = step;
    this.work.push({
      ...{ attempt, rate, startedAt: this.now, finishedAt, charging: how, isSettled: false },
    });
  }

  /** Some work that has ended, perhaps long ago. */
  settle(pick: number): void {
    const ended = this.work.filter((each) => !each.isSettled && each.finishedAt <= this.now);
    const work = ended[pick % Math.max(1, ended.length)];
    if (work === undefined) return;
    this.now = plusMs(this.now, 1);
    this.post(settle(this.account, work.attempt, work, this.now));
    work.isSettled = true;
  }

  read(asked: Asked | undefined): void {
    if (asked === undefined) return;
    const balance = this.theirs;
    this.now = plusMs(this.now, 1);
    asked.look = { askedAt: asked.askedAt, answeredAt: this.now, limits: {}, balance };
  }

  apply(asked: Asked | undefined): void {
    if (asked?.look === undefined) return;
    this.asked.splice(this.asked.indexOf(asked), 1);
    this.now = plusMs(this.now, 1);
    this.post(mirror(this.account, asked.look, this.now));
    const free = (this.account.balance ?? Infinity) - this.account.held;
    expect(free, "what is free is never above the answer").toBeLessThanOrEqual(asked.look.balance);
    expect(mirror(this.account, asked.look, this.now).account, "a look is taken over once").toBe(
      this.account,
    );
  }

  look(): void {
    this.now = plusMs(this.now, 1);
    const asked: Asked = { askedAt: this.now };
    this.asked.push(asked);
    this.read(asked);
    this.apply(asked);
  }

  /** Everything of ours ends and is settled, and everything that may be charged late is charged. */
  quiet(): void {
    this.asked.length = 0;
    this.now = this.work.reduce(
      (last, { finishedAt }) => (plusMs(finishedAt, 0) > last ? finishedAt : last),
      this.now,
    );
    for (let index = 0; index < this.work.length; index += 1) this.settle(0);
    // A second more: work is billed to the end of its last one.
    this.now = plusMs(this.now, limits.providerChargeLagMs + SECOND_MS);
    this.look();
  }

  post({ account, entries }: Pick<Posting, "account" | "entries">): void {
    this.account = account;
    this.entries.push(...entries);
  }

  moved(kind: Entry["kind"]): number {
    const sum = this.entries
      .filter((entry) => entry.kind === kind)
      .reduce((all, entry) => all + (entry.units ?? 0), 0);
    return Math.abs(sum);
  }
}

/** In some lives nobody else spends anything, or nobody adds anything: then nothing may look so. */
const lives = fc
  .tuple(
    fc.array(command, { maxLength: 80, size: "max" }),
    fc.subarray<Command["kind"]>(["foreign", "added"]),
  )
  .map(([steps, absent]) => steps.filter(({ kind }) => !absent.includes(kind)));

describe("an account that follows a provider's balance", () => {
  it("calls nothing spent elsewhere that was not, and nothing added that was not", () => {
    fc.assert(
      fc.property(lives, (steps) => {
        const life = new Life("in order");
        for (const step of steps) {
          life.do(step);
          expect(life.moved("adjust"), "spent elsewhere").toBeLessThanOrEqual(life.foreign);
          expect(life.moved("topUp"), "added").toBeLessThanOrEqual(life.added);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("equals the provider's after a quiet period, and has charged each of our units once", () => {
    fc.assert(
      fc.property(lives, (steps) => {
        const life = new Life("in order");
        for (const step of steps) life.do(step);
        life.quiet();

        const { account } = life;
        const spent = life.work.reduce((sum, work) => sum + life.charged(work, life.now), 0);
        expect(account.held).toBe(0);
        expect(account.balance).toBe(life.theirs);
        expect(life.moved("settle")).toBe(spent);
        expect(life.moved("topUp") - life.moved("adjust")).toBe(life.added - life.foreign);
        expect(rebuild(account.project, life.entries).balance).toBe(account.balance);
      }),
      { numRuns: RUNS },
    );
  });

  it("never has more free than the answer, and ends up right, in whatever order answers come", () => {
    fc.assert(
      fc.property(lives, (steps) => {
        const life = new Life("in any order");
        for (const step of steps) life.do(step);
        life.quiet();

        expect(life.account.balance).toBe(life.theirs);
      }),
      { numRuns: RUNS },
    );
  });
});
