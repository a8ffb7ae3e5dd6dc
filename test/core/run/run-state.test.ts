import { describe, expect, it } from "vitest";
import type { AttemptEnd } from "../../../shared/core/run/attempt.ts";
import { FINAL_STATES, LIVE_STATES, liveAttempt, type Run } from "../../../shared/core/run/run.ts";
import { moveRun, type RunEvent } from "../../../shared/core/run/run-state.ts";
import type { Reason } from "../../../shared/core/run/reason.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, anAttempt, START_AT } from "../../support/builders.ts";

const later = plusMs(START_AT, MINUTE_MS);
const hour: Reason = { code: "limit_hour", text: "The hour is full" };
const overlap: Reason = { code: "overlap", text: "Another one runs" };
const end: AttemptEnd = { endedAt: later, exitCode: 0, unitsSettled: 4, outputs: [] };

const queued = aRun();
const waiting: Run = {
  ...aRun({ state: "waiting", reason: hour }),
  nextEligibleAt: later,
  waitingSince: START_AT,
};
const starting = aRun({ state: "starting", attempts: [anAttempt(queued)] });
const launched = aRun({
  state: "starting",
  attempts: [anAttempt(queued, { launchedAt: START_AT })],
});
const running = aRun({
  state: "running",
  attempts: [anAttempt(queued, { launchedAt: START_AT, startedAt: START_AT })],
});
const finals = FINAL_STATES.map((state) => aRun({ state, finishedAt: START_AT }));

const EVENTS: { readonly [K in RunEvent["kind"]]: (run: Run) => RunEvent } = {
  wait: () => ({ kind: "wait", reason: overlap, nextEligibleAt: later, at: later }),
  admit: (run) => ({
    kind: "admit",
    attempt: anAttempt(run, { number: run.attempts.length + 1 }),
  }),
  launch: () => ({ kind: "launch", at: later }),
  observe: () => ({ kind: "observe", startedAt: later }),
  conclude: () => ({ kind: "conclude", state: "refused", reason: overlap, at: later }),
  cancel: () => ({
    kind: "cancel",
    at: later,
    reason: { code: "cancelled", text: "Somebody cancelled it" },
  }),
  end: () => ({ kind: "end", end, state: "succeeded" }),
  retry: () => ({
    kind: "retry",
    end,
    reason: { code: "retry", text: "Again" },
    nextEligibleAt: later,
  }),
};
const KINDS = Object.keys(EVENTS) as readonly RunEvent["kind"][];

/** The state each event leads to, in the order of `KINDS`; `-` is ignored. */
const TABLE: readonly (readonly [string, Run, string])[] = [
  //                           wait    admit    launch   observe conclude cancel   end       retry
  ["queued", queued, "         waiting starting -        -       refused  cancelled -        -"],
  ["waiting", waiting, "       waiting starting -        -       refused  cancelled -        -"],
  [
    "starting",
    starting,
    "     -       -        starting running -        starting succeeded waiting",
  ],
  [
    "starting, launched",
    launched,
    " - -      -        running -        starting succeeded waiting",
  ],
  [
    "running",
    running,
    "       -       -        -        running -        running  succeeded waiting",
  ],
  ...finals.map((run) => [run.state, run, "- - - - - - - -"] as const),
];
const CELLS = TABLE.flatMap(([name, run, row]) =>
  row
    .trim()
    .split(/\s+/)
    .map((after, index) => ({ name, run, kind: KINDS[index] ?? "wait", after })),
);

describe("the run machine", () => {
  it("has a row for every state and a cell for every event", () => {
    expect(new Set(TABLE.map(([, run]) => run.state))).toEqual(
      new Set([...LIVE_STATES, ...FINAL_STATES]),
    );
    expect(CELLS).toHaveLength(TABLE.length * KINDS.length);
  });

  it.each(CELLS)("takes $name by $kind to $after", ({ run, kind, after }) => {
    const before = structuredClone(run);

    const transition = moveRun(run, EVENTS[kind](run));

    expect(transition.outcome === "moved" ? transition.run.state : "-").toBe(after);
    // No mutation: the caller's value is as it was.
    expect(run).toEqual(before);
  });

  it.each(CELLS)(
    "has a live attempt exactly while it starts or runs: $name by $kind (R2)",
    (cell) => {
      const transition = moveRun(cell.run, EVENTS[cell.kind](cell.run));

      if (transition.outcome === "ignored") return;
      const { run } = transition;
      const open = run.attempts.filter((attempt) => attempt.end === undefined);
      expect(open).toHaveLength(liveAttempt(run) === undefined ? 0 : 1);
    },
  );
});

function moved(run: Run, kind: RunEvent["kind"]): Run {
  const transition = moveRun(run, EVENTS[kind](run));
  if (transition.outcome === "moved") return transition.run;
  throw new Error(`${kind} does not apply to a ${run.state} run`);
}

describe("a run that waits for its project's limits", () => {
  const limited = (at: Run["effectiveAt"]): RunEvent => ({
    kind: "wait",
    reason: { code: "limit_concurrency", text: "None is free" },
    nextEligibleAt: plusMs(at, MINUTE_MS),
    isInLine: true,
    at,
  });

  it("keeps its age through every later look", () => {
    const transition = moveRun(waiting, limited(later));

    expect(transition).toMatchObject({
      outcome: "moved",
      run: { waitingSince: START_AT, reason: { code: "limit_concurrency" } },
    });
  });

  it("is as old as its first wait", () => {
    expect(moveRun(queued, limited(later))).toMatchObject({ run: { waitingSince: later } });
  });

  it("loses its age when it waits for something else", () => {
    expect(moved(waiting, "wait")).not.toHaveProperty("waitingSince");
  });

  it("has neither reason nor age once it is admitted", () => {
    const run = moved(waiting, "admit");

    expect(run).not.toHaveProperty("reason");
    expect(run).not.toHaveProperty("waitingSince");
    expect(run).not.toHaveProperty("nextEligibleAt");
  });
});

describe("a live attempt", () => {
  it("is as it was where a look finds nothing new, so that there is nothing to write", () => {
    const first = moved(launched, "observe");

    expect(liveAttempt(first)).toMatchObject({ startedAt: later });
    expect(moved(first, "observe")).toEqual(first);
  });

  it("is asked to end once, however often the run is cancelled", () => {
    const asked = moved(running, "cancel");

    expect(asked.cancelRequestedAt).toBe(later);
    expect(moveRun(asked, EVENTS.cancel(asked))).toEqual({ outcome: "ignored" });
  });

  it("may still be killed after it was asked, but not the other way round", () => {
    const reason: Reason = { code: "cancelled", text: "x" };
    const asks = { kind: "cancel", at: later, reason, text: "first" } as const;
    const kills = { ...asks, text: "second", how: "kill" } as const;
    const asked = moveRun(running, asks);
    const killed = asked.outcome === "moved" ? moveRun(asked.run, kills) : asked;
    const again = killed.outcome === "moved" ? moveRun(killed.run, asks) : killed;

    expect(asked).toMatchObject({ run: { cancelText: "first" } });
    expect(asked).not.toHaveProperty("run.cancelKills");
    expect(killed).toMatchObject({ run: { cancelKills: true, cancelText: "first" } });
    expect(again).toEqual({ outcome: "ignored" });
  });

  it("keeps its end when the run is tried again", () => {
    const retried = moved(running, "retry");
    const second = moved(retried, "admit");

    expect(retried.attempts[0]?.end).toEqual(end);
    expect(second.attempts.map((attempt) => attempt.number)).toEqual([1, 2]);
  });

  it("is numbered without a gap, else it is our bug", () => {
    const event: RunEvent = { kind: "admit", attempt: anAttempt(queued, { number: 2 }) };

    expect(() => moveRun(queued, event)).toThrow("attempts are numbered without a gap");
  });
});

describe("a run that ends", () => {
  it("ends when its attempt did, not when somebody looked", () => {
    expect(moved(running, "end")).toMatchObject({ finishedAt: later });
  });

  it("has no reason when it succeeded, even where it waited before", () => {
    expect(moved({ ...running, reason: overlap }, "end")).not.toHaveProperty("reason");
  });
});
