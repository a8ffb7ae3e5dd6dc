// Longer than most: everything that can happen to an account, and a model that follows it.
import { limits as ceilings } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  adjust,
  applyBudget,
  applyLimits,
  release,
  setBalance,
  setLimits,
  settle,
  topUp,
  type Account,
  type Posting,
  type StandingLimits,
} from "../../shared/core/units/account.ts";
import { admit } from "../../shared/core/units/admission.ts";
import type { AdmissionRequest } from "../../shared/core/units/explain.ts";
import { rebuild, type Entry } from "../../shared/core/units/ledger.ts";
import {
  applyLimitsBesideProvider,
  forgetProvider,
  mirror,
} from "../../shared/core/units/mirror.ts";
import { anAccount, at, nightly } from "./account-builder.ts";
import { mostOfAll, turnsOf, worstWindow } from "./hour-by-events.ts";
import { LedgerByHand, type LimitsByHand } from "./ledger-by-hand.ts";
import type { WorkByHand } from "./spending-by-hand.ts";

/** What happens next, and three numbers below a thousand that say how. */
export type LifeStep = readonly [what: LifeVerb, a: number, b: number, c: number];

/** In the order of how little they do, so that a failure shrinks towards the first ones. */
export const LIFE_VERBS = [
  "wait",
  "admit",
  "finish",
  "finish at its bound",
  "release",
  "admit again",
  "close again",
  "lose a commit",
  "overrun",
  "configure",
  "set limits",
  "top up",
  "set balance",
  "adjust",
  "set budget",
  "look at provider",
  "forget provider",
  "clock steps back",
  "read again",
] as const;
export type LifeVerb = (typeof LIFE_VERBS)[number];

const RATES = [1, 4, 8, 32, 72, 144, 928];
const GRACES = [0, 500, 10_000];
const STARTS_WITHIN = [0, 0, 1, 30_000, ceilings.startWithinMs];

interface Execution {
  readonly request: AdmissionRequest;
  readonly startedAt: Instant;
  readonly longestMs: number;
  finishedAt: Instant;
  state: "open" | "settled" | "released";
}

/** An account, whatever happens to it, and a model that knows nothing of how it decides. */
export class AccountLife {
  account: Account = anAccount();
  now: Instant = at("08:00");
  /** Whether the world kept to what an account may rely on: nothing overran, no clock went back. */
  isClean = true;
  admissions = 0;
  denials = 0;
  readonly #ledger = new LedgerByHand();
  readonly #entries: Entry[] = [];
  readonly #executions: Execution[] = [];
  readonly #holds: { readonly at: number; readonly unitsPerHour: number | undefined }[] = [];
  #standing: StandingLimits = {};
  #said: StandingLimits = {};
  #saidBalance: number | undefined;
  #theirs: LimitsByHand | undefined;

  do([what, a, b, c]: LifeStep): void {
    const { account, now } = this;
    switch (what) {
      case "wait":
        this.now = plusMs(now, scaled(a, [1, SECOND_MS, MINUTE_MS, 25 * MINUTE_MS][b % 4] ?? 1));
        return;
      case "admit":
        this.#admit(this.#requestOf(a, b, c), b, c);
        return;
      case "finish":
        this.#finish(this.#pick(a, "open"), b / 1_000);
        return;
      case "finish at its bound":
        this.#finish(this.#pick(a, "open"), 1);
        return;
      case "overrun":
        this.#finish(this.#pick(a, "open"), 1 + (b + 1) / 500);
        return;
      case "release":
        this.#release(this.#pick(a, "open"));
        return;
      case "admit again":
        this.#admitAgain(this.#pick(a, "open"));
        return;
      case "close again":
        this.#closeAgain(this.#pick(a, "closed"));
        return;
      case "lose a commit":
        this.#loseCommit(a, b, c);
        return;
      case "configure":
        this.#configure(limitsOf(a, b, c), c % 3 === 0 ? undefined : scaled(b, 300_000));
        return;
      case "set limits":
        this.#standing = limitsOf(a, b, c);
        this.#take(setLimits(account, this.#standing, now));
        return;
      case "top up":
        this.#take(topUp(account, { units: 1 + scaled(a, 30_000), reason: "by hand" }, now));
        return;
      case "set balance": {
        const units = b % 4 === 0 ? null : scaled(a, 150_000) - 5_000;
        this.#take(setBalance(account, { units, reason: "by hand" }, now));
        return;
      }
      case "adjust":
        this.#take(
          adjust(account, { units: scaled(a, 20_000) - 15_000, reason: "elsewhere" }, now),
        );
        return;
      case "set budget": {
        const budget = { warnAtPercent: [1 + (a % 99)] };
        this.#take(applyBudget(account, b % 2 === 0 ? budget : undefined, now));
        return;
      }
      case "look at provider":
        this.#look(a, b, c);
        return;
      case "forget provider":
        this.#theirs = undefined;
        this.#take(forgetProvider(account, now));
        return;
      case "clock steps back":
        this.isClean = false;
        this.now = plusMs(now, -scaled(a, [2_000, 2 * MINUTE_MS, 90 * MINUTE_MS][b % 3] ?? 0));
        return;
      case "read again":
        this.account = JSON.parse(JSON.stringify(account)) as Account;
    }
  }

  get #inForce(): LimitsByHand {
    const theirs = this.#theirs ?? {};
    const least = (name: "unitsPerHour" | "unitsPerExecution"): number | undefined => {
      const both = [this.#standing[name], theirs[name]].filter((each) => each !== undefined);
      return both.length === 0 ? undefined : Math.min(...both);
    };
    return {
      unitsPerHour: least("unitsPerHour"),
      unitsPerExecution: least("unitsPerExecution"),
      concurrentRuns: this.#standing.concurrentRuns,
    };
  }

  /** Takes over what a verb left, as a commit does, and checks every line of it. */
  #take({ account, entries }: Pick<Posting, "account" | "entries">): void {
    const isSame = account === this.account;
    must(!isSame || entries.length === 0, "an account that stays writes nothing");
    must(account.version === this.account.version + (isSame ? 0 : 1), "versions count on");
    for (const entry of entries) this.#ledger.read(entry, this.#inForce);
    this.#entries.push(...entries);
    this.account = account;
    this.#ledger.expectBears(account);
    must(same(account.limits, this.#standing), "limits stand as they were said");
  }

  #requestOf(a: number, b: number, c: number): AdmissionRequest {
    return {
      attempt: nightly(this.#executions.length + 1),
      rate: RATES[a % RATES.length] ?? 4,
      timeoutMs: 1 + scaled(b, [3_000, 20 * MINUTE_MS, 100 * MINUTE_MS][c % 3] ?? 1),
      graceMs: GRACES[a % GRACES.length] ?? 0,
      startWithinMs: STARTS_WITHIN[c % STARTS_WITHIN.length] ?? 0,
    };
  }

  #admit(request: AdmissionRequest, b: number, c: number): void {
    const decision = admit(this.account, request, this.now);
    const worst = this.#worstOf(request);
    if (decision.outcome === "denied") {
      this.denials += 1;
      must(this.#isUnfit(worst), `a denial has a reason: ${decision.code}`);
      this.#checkRelief(request, decision.relief);
      return;
    }
    this.admissions += 1;
    const [hold] = decision.entries;
    must(hold?.kind === "hold" && hold.units === worst.units, `it holds ${worst.units}`);
    if (hold?.kind !== "hold") return;
    must(hold.spend.endAt === worst.latestAt + worst.ms, "it is held until the latest end");
    const startAt = Math.max(this.now, this.account.at);
    const startedAt = instant(startAt + Math.floor((request.startWithinMs * b) / 999));
    const longestMs = decision.bound.hardLimitMs + ceilings.killLagMs;
    must(longestMs <= (worst.units / request.rate) * SECOND_MS, "its bound is paid for");
    const finishedAt = plusMs(startedAt, Math.floor((longestMs * c) / 999));
    this.#holds.push({ at: hold.at, unitsPerHour: this.#inForce.unitsPerHour });
    this.#take(decision);
    this.#executions.push({ request, startedAt, longestMs, finishedAt, state: "open" });
  }

  /** The units of an execution by hand: whole seconds, as many as its time and its limit allow. */
  #worstOf({ rate, timeoutMs, graceMs, startWithinMs }: AdmissionRequest): WorkByHand & {
    readonly units: number;
  } {
    const { unitsPerExecution = Infinity } = this.#inForce;
    const wished = Math.ceil((timeoutMs + graceMs) / SECOND_MS);
    const seconds = Math.min(wished, Math.floor(unitsPerExecution / rate));
    const earliestAt = Math.max(this.now, this.account.at);
    const latestAt = earliestAt + startWithinMs;
    return { earliestAt, latestAt, ms: seconds * SECOND_MS, rate, units: seconds * rate };
  }

  #isUnfit(worst: WorkByHand & { readonly units: number }): boolean {
    const { unitsPerHour = Infinity, concurrentRuns = Infinity } = this.#inForce;
    const { held, balance = Infinity, openCount, works } = this.#ledger;
    if (worst.units === 0 || held + worst.units > balance || openCount >= concurrentRuns)
      return true;
    // What an account no longer remembers one by one may be denied to be on the safe side.
    if (this.account.spends.length >= ceilings.accountSpends) return true;
    return worstWindow([...works, worst], worst.earliestAt, HOUR_MS).units > unitsPerHour;
  }

  #checkRelief(
    request: AdmissionRequest,
    relief: { kind: string; nextEligibleAt?: Instant },
  ): void {
    const { nextEligibleAt } = relief;
    if (nextEligibleAt === undefined) return;
    const before = instant(nextEligibleAt - 1);
    must(admit(this.account, request, nextEligibleAt).outcome === "admitted", "it fits when told");
    must(admit(this.account, request, before).outcome === "denied", "and not before");
  }

  #pick(a: number, which: "open" | "closed"): Execution | undefined {
    const fitting = this.#executions.filter(
      ({ state }) => (state === "open") === (which === "open"),
    );
    return fitting[a % Math.max(1, fitting.length)];
  }

  /** Ends an execution that has begun after a share of its bound; one above 1 overruns it. */
  #finish(execution: Execution | undefined, share: number): void {
    if (execution === undefined) return;
    const { request, startedAt, longestMs } = execution;
    execution.finishedAt = plusMs(startedAt, Math.floor(longestMs * share));
    if (share > 1) this.isClean = false;
    execution.state = "settled";
    // Nobody looks before it has ended; with a clock that went back somebody may seem to.
    this.now = instant(Math.max(this.now, execution.finishedAt));
    const { attempt, rate } = request;
    const usage = { startedAt, finishedAt: execution.finishedAt, rate };
    this.#take(settle(this.account, attempt, usage, this.now));
  }

  #release(execution: Execution | undefined): void {
    if (execution === undefined) return;
    execution.state = "released";
    this.#take(release(this.account, execution.request.attempt, "cancelled", this.now));
  }

  #admitAgain(execution: Execution | undefined): void {
    if (execution === undefined) return;
    const decision = admit(this.account, execution.request, this.now);
    must(decision.outcome === "admitted", "what is held is admitted again");
    if (decision.outcome !== "admitted") return;
    must(decision.account === this.account && decision.entries.length === 0, "it holds once");
    const longestMs = decision.bound.hardLimitMs + ceilings.killLagMs;
    must(longestMs <= execution.longestMs, "its bound is what its units pay for");
  }

  #closeAgain(execution: Execution | undefined): void {
    if (execution === undefined) return;
    const { startedAt, finishedAt, request } = execution;
    const usage = { startedAt, finishedAt: plusMs(finishedAt, HOUR_MS), rate: request.rate };
    this.#take(settle(this.account, request.attempt, usage, this.now));
    this.#take(release(this.account, request.attempt, "again", this.now));
    must(this.#ledger.closed.has(request.attempt), "it stays closed");
  }

  /** Whoever decides dies before the commit, or another one commits first: nothing of it counts. */
  #loseCommit(a: number, b: number, c: number): void {
    const before = JSON.stringify(this.account);
    admit(this.account, this.#requestOf(a, b, c), this.now);
    const open = this.#pick(a, "open");
    if (open !== undefined) {
      const usage = { startedAt: open.startedAt, finishedAt: open.finishedAt, rate: 4 };
      settle(this.account, open.request.attempt, usage, plusMs(this.now, HOUR_MS));
      release(this.account, open.request.attempt, "lost", this.now);
    }
    setBalance(this.account, { units: 0, reason: "lost" }, this.now);
    must(JSON.stringify(this.account) === before, "a verb leaves what it was given as it was");
  }

  /** A limit moves where the file changed its mind about it, and nowhere else; so does the balance. */
  #configure(wanted: StandingLimits, balance: number | undefined): void {
    const names = ["unitsPerHour", "unitsPerExecution", "concurrentRuns"] as const;
    const moved = names.map((name) => {
      const stays = wanted[name] === this.#said[name];
      return [name, stays ? this.#standing[name] : wanted[name]] as const;
    });
    this.#standing = Object.fromEntries(moved.filter(([, limit]) => limit !== undefined));
    this.#said = wanted;
    const said = { ...wanted, ...(balance === undefined ? {} : { balance }) };
    if (this.account.provider !== undefined) {
      this.#take(applyLimitsBesideProvider(this.account, said, this.now));
      return;
    }
    this.#take(applyLimits(this.account, said, this.now));
    if (balance !== this.#saidBalance) must(this.account.balance === balance, "it is set anew");
    this.#saidBalance = balance;
  }

  #look(a: number, b: number, c: number): void {
    const { unitsPerHour, unitsPerExecution } = limitsOf(a, b, c);
    const said = {
      ...(unitsPerHour === undefined ? {} : { unitsPerHour }),
      ...(unitsPerExecution === undefined ? {} : { unitsPerExecution }),
    };
    const balance = b % 5 === 0 ? {} : { balance: scaled(c, 150_000) - 3_000 };
    const look = { askedAt: this.now, answeredAt: plusMs(this.now, a), limits: said, ...balance };
    const posting = mirror(this.account, look, look.answeredAt);
    // An answer that is older than the one that is known tells nothing.
    if (posting.account.provider !== this.account.provider) this.#theirs = said;
    this.now = look.answeredAt;
    this.#take(posting);
    const again = mirror(this.account, look, look.answeredAt);
    must(again.account === this.account, "the same look again changes nothing");
  }

  /** What holds at the end of any life. */
  expectLived(): void {
    const { project, limits: _l, version: _v, configuredLimits: _c, ...rest } = this.account;
    const { configuredBalance: _b, budget: _p, provider: _t, ...position } = rest;
    must(same(rebuild(project, this.#entries), position), "the account is the fold of its entries");
    const closed = this.#executions.filter(({ state }) => state !== "open");
    must(this.#ledger.closed.size === closed.length, "every reservation is closed once");
    must(this.#ledger.openCount === this.#executions.length - closed.length, "or open");
    if (this.isClean) this.#expectHoursKept();
  }

  /**
   * What really ran, by plain overlap: no trailing hour has more in it than the limit that held when
   * the last of what is in it was admitted.
   */
  #expectHoursKept(): void {
    const ran = this.#executions.map(({ startedAt, finishedAt, request, state }, index) => {
      const seconds = Math.ceil((finishedAt - startedAt) / SECOND_MS);
      const ms = state === "released" ? 0 : seconds * SECOND_MS;
      const { at: admittedAt, unitsPerHour } = this.#holds[index] ?? { at: 0, unitsPerHour: 0 };
      const work = { earliestAt: startedAt, latestAt: startedAt, ms, rate: request.rate };
      return { ...work, admittedAt, unitsPerHour };
    });
    for (const end of ran.flatMap((work) => turnsOf(work, HOUR_MS))) {
      const inIt = ran.filter(
        ({ earliestAt, ms }) => earliestAt < end && earliestAt + ms + HOUR_MS > end,
      );
      const last = inIt.at(-1);
      if (last?.unitsPerHour === undefined) continue;
      const units = mostOfAll(inIt, end, HOUR_MS) / SECOND_MS;
      must(units <= last.unitsPerHour, `${units} of ${last.unitsPerHour} in the hour to ${end}`);
    }
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}`);
}

const same = (a: object, b: object): boolean => sortedJson(a) === sortedJson(b);

function sortedJson(value: object): string {
  const entries = Object.entries(value) as [string, unknown][];
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function scaled(thousandths: number, most: number): number {
  return Math.floor((thousandths * most) / 999);
}

/** Some limits of each kind, tight and wide, and often none. */
function limitsOf(a: number, b: number, c: number): StandingLimits {
  return {
    ...(a % 4 === 0 ? {} : { unitsPerHour: scaled(b, [500, 20_000, 90_000][a % 3] ?? 0) }),
    ...(b % 3 === 0 ? { unitsPerExecution: scaled(c, 12_000) } : {}),
    ...(c % 3 === 0 ? { concurrentRuns: a % 7 } : {}),
  };
}
