import type { ProjectId, RunId, ScheduleName } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { ReasonCode } from "../../shared/core/run/reason.ts";
import { isFinal, type Run } from "../../shared/core/run/run.ts";
import type { SimulatedAttempt, SimulatedRun } from "../../shared/core/simulation/simulated-run.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import { unitsFor } from "../../shared/core/units/rates.ts";
import { forgetRun, readRuns, scanRuns, type RunPlace } from "../../shared/records/run-record.ts";
import type { Services } from "../../shared/usecases/services.ts";

/** When something of a project first had to wait for its balance, or was left out for it. */
export interface BalanceEnd {
  readonly project: ProjectId;
  readonly at: Instant;
  /** The balance did not cover it, or was below the budget's mark. */
  readonly because: "limit_balance" | "low_balance";
}

/**
 * What became of the runs of a simulation. Runs that have ended are taken out of its store but for the
 * latest of each schedule, which others may be decided on by, so that a year costs no more per day
 * than a week.
 */
export class CollectedRuns {
  readonly balanceEnds: BalanceEnd[] = [];
  readonly #services: Pick<Services, "store" | "clock">;
  readonly #schedules: readonly ScheduleName[];
  readonly #ended: SimulatedRun[] = [];
  readonly #known = new Set<RunId>();
  readonly #waitedFor = new Map<RunId, ReasonCode>();
  #live: readonly SimulatedRun[] = [];

  constructor(services: Pick<Services, "store" | "clock">, schedules: readonly ScheduleName[]) {
    this.#services = services;
    this.#schedules = schedules;
  }

  get runs(): readonly SimulatedRun[] {
    return [...this.#ended, ...this.#live].toSorted(bySchedule);
  }

  get isFull(): boolean {
    return this.#ended.length >= limits.simulatedRuns;
  }

  /** Notes what runs that have just begun to wait are waiting for. */
  async waits(ids: readonly RunId[]): Promise<void> {
    if (ids.length === 0) return;
    const { store, clock } = this.#services;
    const records = await store.snapshot(async (reader) => await readRuns(reader, ids));
    for (const { run } of records.flatMap((record) => record ?? [])) {
      const code = run.reason?.code;
      if (run.state !== "waiting" || code === undefined) continue;
      if (!this.#waitedFor.has(run.id)) this.#waitedFor.set(run.id, code);
      this.#noteBalance(run, clock.now());
    }
  }

  /** Takes over every run that has ended since the last time. */
  async collect(): Promise<void> {
    const live: SimulatedRun[] = [];
    for (const schedule of this.#schedules) {
      const runs = await this.#runsOf(schedule);
      live.push(...runs.filter(({ state }) => !isFinal(state)).map((run) => this.#factsOf(run)));
      const ended = runs.filter(({ state }) => isFinal(state));
      for (const run of ended) this.#take(run);
      const old = ended.slice(limits.simulatedRunsKept);
      if (old.length === 0) continue;
      await this.#services.store.transact("forget", async (tx) => {
        for (const run of old) forgetRun(tx, run);
        await Promise.resolve();
      });
      for (const { id } of old) this.#known.delete(id);
    }
    this.#live = live;
  }

  #take(run: Run): void {
    if (this.#known.has(run.id)) return;
    this.#known.add(run.id);
    this.#ended.push(this.#factsOf(run));
    this.#waitedFor.delete(run.id);
    this.#noteBalance(run, run.finishedAt ?? run.effectiveAt);
  }

  #noteBalance({ project, reason }: Run, at: Instant): void {
    const because = reason?.code;
    if (because !== "limit_balance" && because !== "low_balance") return;
    const index = this.balanceEnds.findIndex(
      (each) => each.project === project && each.because === because,
    );
    const before = this.balanceEnds[index];
    if (before === undefined) this.balanceEnds.push({ project, at, because });
    else if (at < before.at) this.balanceEnds[index] = { project, at, because };
  }

  /** The latest first. */
  async #runsOf(schedule: ScheduleName): Promise<readonly Run[]> {
    return await this.#services.store.snapshot(async (reader) => {
      const runs: Run[] = [];
      for (let after: RunPlace | undefined; ;) {
        const page = await scanRuns(reader, schedule, {
          limit: limits.scanRows,
          ...(after === undefined ? {} : { after }),
        });
        runs.push(...page.map(({ run }) => run));
        const last = page.at(-1)?.run;
        if (last === undefined || page.length < limits.scanRows) return runs;
        after = { nominalAt: last.nominalAt, run: last.id };
      }
    });
  }

  #factsOf(run: Run): SimulatedRun {
    const { schedule, project, nominalAt, effectiveAt, state, reason } = run;
    const waitedFor = this.#waitedFor.get(run.id);
    return {
      ...{ schedule, project, nominalAt, effectiveAt, state },
      ...(reason === undefined ? {} : { reason: reason.code }),
      ...(waitedFor === undefined ? {} : { waitedFor }),
      attempts: run.attempts.flatMap((each) => attemptOf(each, this.#services.clock.now())),
    };
  }
}

function attemptOf(
  { startedAt, end, rate }: Run["attempts"][number],
  now: Instant,
): readonly SimulatedAttempt[] {
  if (startedAt === undefined) return [];
  const endedAt = end?.endedAt ?? now;
  const units = end?.unitsSettled ?? unitsFor(endedAt - startedAt, rate);
  return [{ startedAt, endedAt, rate, units }];
}

function bySchedule(a: SimulatedRun, b: SimulatedRun): number {
  if (a.schedule !== b.schedule) return a.schedule < b.schedule ? -1 : 1;
  return a.nominalAt - b.nominalAt;
}
