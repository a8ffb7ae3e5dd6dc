import { attemptIdOf, type RunId } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { decideAdmission } from "../../shared/core/run/decide-admission.ts";
import { rankOf } from "../../shared/core/run/priority.ts";
import type { Run } from "../../shared/core/run/run.ts";
import { headOfLine } from "../../shared/core/run/turn.ts";
import { moveRun } from "../../shared/core/run/run-state.ts";
import type {
  Priority,
  ScheduleDefinition,
} from "../../shared/core/schedule/schedule-definition.ts";
import { instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  applyLimits,
  openAccount,
  settle,
  topUp,
  type Account,
} from "../../shared/core/units/account.ts";
import { aJob, aRun, aSchedule, PROJECT, START_AT } from "./builders.ts";

/** A run that comes to a project's line. */
export interface Arrival {
  /** From the beginning. */
  readonly atMs: number;
  /** It comes from then on as soon as nobody waits, so that nobody is before it in its line. */
  readonly comesFirst?: true;
  readonly timeoutMs: number;
  /** How long it really runs. */
  readonly runMs: number;
  readonly instanceType: string;
  readonly priority: Priority;
}

interface Coming {
  readonly arrival: Arrival;
  readonly index: number;
}

interface Waiter {
  readonly arrival: Arrival;
  readonly definition: ScheduleDefinition;
  run: Run;
  lookAt: number;
}

interface Running {
  readonly run: RunId;
  readonly startedAt: Instant;
  readonly endsAt: Instant;
  readonly rate: number;
}

/**
 * A project's line as the decisions alone make it, without a store: who comes is decided on, an end
 * wakes all who wait in their turn, and who was told an instant is looked at then. A balance is
 * refilled by what is spent of it, so that it is never what anybody waits for for good. Answers how long
 * each arrival waited, in order; those that still wait in the end have waited for ever. One that never came has waited not at all.
 */
export function waitsOnPaper(
  arrivals: readonly Arrival[],
  limits: UnitLimits,
  horizonMs: number,
): readonly number[] {
  const line = new Line(limits, arrivals);
  line.live(plusMs(START_AT, horizonMs));
  return line.waitedMs;
}

class Line {
  readonly waitedMs: number[];
  #account: Account;
  #now: Instant = START_AT;
  readonly #coming: Coming[];
  #first: Coming | undefined;
  #waiting: (Waiter & { readonly index: number })[] = [];
  #running: Running[] = [];

  constructor(limits: UnitLimits, arrivals: readonly Arrival[]) {
    this.#account = applyLimits(openAccount(PROJECT), limits, START_AT).account;
    this.waitedMs = arrivals.map(() => 0);
    const coming = arrivals.map((arrival, index) => ({ arrival, index }));
    this.#first = coming.find(({ arrival }) => arrival.comesFirst === true);
    this.#coming = coming
      .filter((each) => each !== this.#first)
      .toSorted((a, b) => a.arrival.atMs - b.arrival.atMs);
  }

  live(untilAt: Instant): void {
    for (;;) {
      const comesAt = this.#nextComesAt();
      const endsAt = Math.min(...this.#running.map((each) => each.endsAt));
      const lookAt = Math.min(...this.#waiting.map((each) => each.lookAt));
      const at = Math.min(comesAt, endsAt, lookAt);
      if (at > untilAt) return;
      this.#now = instant(Math.max(at, this.#now));
      // Who comes at the instant of an end comes before it: the worst for whoever waits.
      if (comesAt === at) this.#come(at);
      else if (lookAt === at) this.#lookAt(this.#waiting.filter((each) => each.lookAt === at));
      else this.#end(endsAt);
    }
  }

  #nextComesAt(): number {
    const nextAt = START_AT + (this.#coming[0]?.arrival.atMs ?? Infinity);
    const first = this.#first;
    if (first === undefined || this.#waiting.length > 0) return nextAt;
    return Math.min(nextAt, Math.max(this.#now, START_AT + first.arrival.atMs));
  }

  #come(at: number): void {
    const first = this.#first;
    const isFirst =
      first !== undefined && this.#waiting.length === 0 && START_AT + first.arrival.atMs <= at;
    const next = isFirst ? first : this.#coming.shift();
    if (next === undefined) return;
    if (isFirst) this.#first = undefined;
    const { arrival, index } = next;
    const { priority, timeoutMs, instanceType } = arrival;
    const work = aJob({ instanceTypes: [instanceType] });
    const schedule = `s${index}`;
    const definition = aSchedule({
      ...{ name: schedule, timing: null, overlap: "allow", priority, timeoutMs, work },
    });
    const run = aRun({
      ...{ schedule, priority, cause: { kind: "person", id: schedule } },
      ...{ nominalAt: this.#now, effectiveAt: this.#now },
    });
    const waiter = { arrival, definition, index, run, lookAt: Infinity };
    this.waitedMs[index] = Infinity;
    this.#waiting.push(waiter);
    this.#lookAt([waiter]);
  }

  #end(at: number): void {
    for (const { run, startedAt, endsAt, rate } of this.#running) {
      if (endsAt !== at) continue;
      const usage = { startedAt, finishedAt: endsAt, rate };
      const before = this.#account;
      const settled = settle(before, attemptIdOf(run, 1), usage, this.#now).account;
      const units = (before.balance ?? 0) - (settled.balance ?? 0);
      const refilled = units > 0 && topUp(settled, { units, reason: "refilled" }, this.#now);
      this.#account = refilled === false ? settled : refilled.account;
    }
    this.#running = this.#running.filter((each) => each.endsAt !== at);
    this.#lookAt([...this.#inTurn(), ...this.#waiting.filter(({ run }) => !isInLine(run))]);
  }

  #inTurn(): readonly (Waiter & { readonly index: number })[] {
    return this.#waiting
      .filter(({ run }) => isInLine(run))
      .toSorted(
        ({ run: a }, { run: b }) =>
          rankOf(a.priority) - rankOf(b.priority) ||
          (a.waitingSince ?? 0) - (b.waitingSince ?? 0) ||
          (a.id < b.id ? -1 : 1),
      );
  }

  #lookAt(waiters: readonly (Waiter & { readonly index: number })[]): void {
    for (const waiter of waiters) this.#decide(waiter);
  }

  #decide(waiter: Waiter & { readonly index: number }): void {
    const now = this.#now;
    const { run, definition } = waiter;
    const heads = headsOf(
      this.#inTurn().map(({ run: each }) => each),
      now,
    );
    const decision = decideAdmission({
      ...{ run, now, definition, isNamed: true, others: [], upstream: [] },
      ...{ account: this.#account, rates: {}, ...heads },
    });
    switch (decision.kind) {
      case "wait": {
        const moved = moveRun(run, { ...decision, at: now });
        if (moved.outcome === "moved") waiter.run = moved.run;
        waiter.lookAt = Math.max(now + 1, decision.nextEligibleAt);
        return;
      }
      case "admit": {
        this.#account = decision.admitted.account;
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        this.waitedMs[waiter.index] = now - run.effectiveAt;
        const { hardLimitMs } = decision.admitted.bound;
        const endsAt = plusMs(now, Math.min(waiter.arrival.runMs, hardLimitMs));
        const { rate } = decision.request;
        this.#running.push({ run: run.id, startedAt: now, endsAt, rate });
        return;
      }
      case "conclude":
        throw new Error(`${run.id} fits alone: ${decision.reason.text}`);
    }
  }
}

function isInLine(run: Run): boolean {
  return run.waitingSince !== undefined;
}

function headsOf(line: readonly Run[], now: Instant): object {
  const places = line.flatMap(({ id, priority, waitingSince: since }) =>
    since === undefined ? [] : [{ run: id, rank: rankOf(priority), since }],
  );
  const head = headOfLine(places, now);
  return head === undefined ? {} : { head };
}
