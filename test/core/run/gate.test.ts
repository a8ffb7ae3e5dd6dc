// One table of every way through the gate, and what each comes to.
import { describe, expect, it } from "vitest";
import { runIdOf, scheduleName } from "../../../shared/core/ids.ts";
import {
  gate,
  holds,
  type ActiveRun,
  type GateFacts,
  type UpstreamFact,
} from "../../../shared/core/run/gate.ts";
import { FINAL_STATES, type RunState } from "../../../shared/core/run/run.ts";
import {
  DEPENDENCY_CONDITIONS,
  OVERLAPS,
  type Overlap,
} from "../../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, aSchedule, anAttempt, START_AT } from "../../support/builders.ts";

const run = aRun();
const facts = (fields: Partial<GateFacts> = {}): GateFacts => ({
  run,
  now: START_AT,
  definition: aSchedule(),
  isNamed: true,
  others: [],
  upstream: [],
  ...fields,
});

/** Another run of the schedule, due so much later than ours; earlier where negative. */
function other(state: RunState, laterMs: number, reason = ""): ActiveRun {
  const nominalAt = plusMs(START_AT, laterMs);
  const schedule = scheduleName("nightly");
  return { run: runIdOf({ schedule, nominalAt }, "other"), effectiveAt: nominalAt, state, reason };
}

/** A decision in a word. */
function decided(given: GateFacts): string {
  const decision = gate(given);
  if (decision.kind === "open") return "open";
  const what = decision.kind === "wait" ? "wait" : decision.state;
  const cancels = decision.kind === "wait" ? decision.cancel.length : 0;
  return `${what} (${decision.reason.code})${cancels > 0 ? ` cancels ${cancels}` : ""}`;
}

describe("a run at the gate", () => {
  it("passes where nothing stands against it", () => {
    expect(decided(facts())).toBe("open");
  });

  it("is skipped where its schedule is no longer configured", () => {
    const { definition: _gone, ...rest } = facts();

    expect(decided(rest)).toBe("skipped (schedule_removed)");
  });

  it("is refused where its executor cannot honour the job, in the executor's words", () => {
    expect(gate(facts({ refusal: "It needs Docker" }))).toEqual({
      kind: "conclude",
      state: "refused",
      reason: { code: "not_supported", text: "It needs Docker" },
    });
  });

  it("is told the first reason in a fixed order: removed, changed, late, not supported, upstream, overlap", () => {
    const definition = aSchedule({ startDeadlineMs: HOUR_MS });
    const upstream = [
      { dependency: aSchedule({ after: { a: "succeeded" } }).after[0], owes: true },
    ];
    const all = facts({
      definition,
      now: plusMs(START_AT, 2 * HOUR_MS),
      refusal: "It needs Docker",
      upstream: upstream as UpstreamFact[],
      others: [other("running", -1)],
    });

    const { definition: _gone, ...removed } = all;
    expect(decided(removed)).toBe("skipped (schedule_removed)");
    expect(decided({ ...all, isNamed: false })).toBe("skipped (schedule_changed)");
    expect(decided(all)).toBe("expired (deadline)");
    expect(decided({ ...all, now: START_AT })).toBe("refused (not_supported)");
    const { refusal: _none, ...supported } = { ...all, now: START_AT };
    expect(decided(supported)).toBe("wait (dependency)");
    expect(decided({ ...supported, upstream: [] })).toBe("skipped (overlap)");
  });
});

describe("a run whose occurrence its schedule no longer names", () => {
  it("is skipped before it starts, and tried again once it has", () => {
    const retried = aRun({ attempts: [anAttempt(run)] });

    expect(decided(facts({ isNamed: false }))).toBe("skipped (schedule_changed)");
    expect(decided(facts({ isNamed: false, run: retried }))).toBe("open");
  });
});

describe("a run whose occurrence operators left out", () => {
  const operator = { pause: { at: plusMs(START_AT, -1) } };

  it("is skipped before it starts, and tried again once it has", () => {
    const started = { ...run, attempts: [anAttempt(run)] };

    expect(decided(facts({ operator }))).toBe("skipped (paused)");
    expect(decided(facts({ operator, run: started }))).toBe("open");
    expect(decided(facts({ operator: { skips: [START_AT] } }))).toBe("skipped (skip_requested)");
  });

  it("goes on where a person, a message or an upstream asked for it", () => {
    for (const cause of [
      { kind: "person", id: "p" },
      { kind: "message", id: "m" },
      { kind: "upstream", run: run.id },
    ] as const) {
      expect(decided(facts({ operator, run: aRun({ cause }) }))).toBe("open");
    }
  });

  it("is told so before that it comes too late, and after that it is no longer named", () => {
    const definition = aSchedule({ startDeadlineMs: HOUR_MS });
    const late = { operator, definition, now: plusMs(START_AT, HOUR_MS + 1) };

    expect(decided(facts(late))).toBe("skipped (paused)");
    expect(decided(facts({ ...late, isNamed: false }))).toBe("skipped (schedule_changed)");
  });
});

describe("a start deadline of an hour", () => {
  const definition = aSchedule({ startDeadlineMs: HOUR_MS });

  it("holds through its last millisecond", () => {
    expect(decided(facts({ definition, now: plusMs(START_AT, HOUR_MS) }))).toBe("open");
  });

  it("expires a run one millisecond later", () => {
    expect(decided(facts({ definition, now: plusMs(START_AT, HOUR_MS + 1) }))).toBe(
      "expired (deadline)",
    );
  });

  it("is kept by a run that has started once, however late its retry", () => {
    const retried = aRun({ attempts: [anAttempt(run)] });

    expect(decided(facts({ definition, run: retried, now: plusMs(START_AT, 9 * HOUR_MS) }))).toBe(
      "open",
    );
  });
});

describe("a run beside others of its schedule", () => {
  const running = other("running", -MINUTE_MS);
  const starting = other("starting", MINUTE_MS);
  const earlier = other("waiting", -MINUTE_MS, "overlap");
  const earlierLimited = other("waiting", -MINUTE_MS, "limit_hour");
  const later = other("waiting", MINUTE_MS, "overlap");

  const SITUATIONS: readonly (readonly [string, readonly ActiveRun[]])[] = [
    ["one runs", [running]],
    ["one starts, though it was due later", [starting]],
    ["an earlier one waits for limits", [earlierLimited]],
    ["one runs and an earlier one waits behind it", [running, earlier]],
    ["only a later one waits", [later]],
  ];
  const EXPECTED: Readonly<Record<Overlap, readonly string[]>> = {
    skip: [...Array<string>(4).fill("skipped (overlap)"), "open"],
    "queue-one": [...Array<string>(3).fill("wait (overlap)"), "skipped (overlap)", "open"],
    "queue-all": [...Array<string>(4).fill("wait (overlap)"), "open"],
    "cancel-running": [
      ...Array<string>(3).fill("wait (overlap) cancels 1"),
      "wait (overlap) cancels 2",
      "open",
    ],
    allow: Array<string>(5).fill("open"),
  };
  const CELLS = OVERLAPS.flatMap((overlap) =>
    SITUATIONS.map(([situation, others], index) => ({
      overlap,
      situation,
      others,
      expected: EXPECTED[overlap][index],
    })),
  );

  it.each(CELLS)("with $overlap, where $situation: $expected", ({ overlap, others, expected }) => {
    expect(decided(facts({ definition: aSchedule({ overlap }), others }))).toBe(expected);
  });

  it("keeps its place with queue-one once it has it, whoever else waits", () => {
    const waiting = aRun({ state: "waiting" });
    const definition = aSchedule({ overlap: "queue-one" });

    expect(decided(facts({ run: waiting, definition, others: [running, earlier] }))).toBe(
      "wait (overlap)",
    );
  });

  it("goes in the order of ids where two were due at one instant", () => {
    const twin = { ...other("waiting", 0), effectiveAt: START_AT };
    const definition = aSchedule({ overlap: "queue-all" });
    const first = twin.run < run.id ? "wait (overlap)" : "open";

    expect(decided(facts({ definition, others: [twin] }))).toBe(first);
  });
});

describe("a run of a schedule of which three may be live", () => {
  const minutes = (count: number, state: RunState = "running", reason = ""): ActiveRun =>
    other(state, count * MINUTE_MS, reason);
  const two = [minutes(-3), minutes(-2)];
  const three = [...two, minutes(-1)];
  const waiting = minutes(-1, "waiting", "limit_hour");

  it.each(OVERLAPS)("passes beside two with overlap %s", (overlap) => {
    const definition = aSchedule({ overlap, concurrentRuns: 3 });

    expect(decided(facts({ definition, others: two }))).toBe("open");
    expect(decided(facts({ definition, others: [...two, minutes(1, "waiting")] }))).toBe("open");
  });

  it.each([
    ["skip", "skipped (overlap)"],
    ["queue-one", "wait (overlap)"],
    ["queue-all", "wait (overlap)"],
    ["cancel-running", "wait (overlap) cancels 1"],
    ["allow", "open"],
  ] as const)("meets its overlap policy as the fourth: %s", (overlap, expected) => {
    const definition = aSchedule({ overlap, concurrentRuns: 3 });

    expect(decided(facts({ definition, others: three }))).toBe(expected);
    expect(decided(facts({ definition, others: [...two, waiting] }))).toBe(expected);
  });

  it("cancels the oldest, so that with it three are left", () => {
    const definition = aSchedule({ overlap: "cancel-running", concurrentRuns: 3 });
    const decision = gate(facts({ definition, others: [...three, minutes(-9)].toReversed() }));

    expect(decision.kind === "wait" && decision.cancel).toEqual([minutes(-9).run, minutes(-3).run]);
  });

  it("is told how many are ahead, and which is the oldest", () => {
    const definition = aSchedule({ overlap: "queue-all", concurrentRuns: 3 });
    const decision = gate(facts({ definition, others: three }));

    expect(decision.kind === "wait" && decision.reason.text).toBe(
      `3 runs of the same schedule are ahead and 3 may be live at once: Run ${minutes(-3).run} of the same schedule is running`,
    );
  });
});

describe("a run that comes after others", () => {
  const after = (condition: "succeeded" | "failed" | "finished", fact: Partial<UpstreamFact>) => {
    const definition = aSchedule({ after: { load: condition } });
    const upstream = definition.after.map((dependency) => ({ dependency, owes: false, ...fact }));
    return facts({ definition, upstream });
  };

  it.each(["queued", "waiting", "starting", "running"] as const)(
    "waits while its upstream is %s",
    (state) => {
      expect(decided(after("finished", { state }))).toBe("wait (dependency)");
    },
  );

  it("waits while its upstream still owes an occurrence, whatever the one before did", () => {
    expect(decided(after("succeeded", { owes: true, state: "succeeded" }))).toBe(
      "wait (dependency)",
    );
  });

  it("is skipped where its upstream never had a run", () => {
    expect(decided(after("finished", {}))).toBe("skipped (dependency)");
  });

  it("does not wait where a person or a message asked for it", () => {
    const asked = aRun({ cause: { kind: "person", id: "p1" } });

    expect(decided({ ...after("succeeded", { state: "failed" }), run: asked })).toBe("open");
  });

  it("needs every one of its upstreams", () => {
    const definition = aSchedule({ after: { load: "succeeded", check: "succeeded" } });
    const states = ["succeeded", "failed"] as const;
    const upstream = definition.after.map((dependency, index) => {
      const state = states[index];
      return { dependency, owes: false, ...(state === undefined ? {} : { state }) };
    });

    expect(decided(facts({ definition, upstream }))).toBe("skipped (dependency)");
  });

  const HOLDS: Readonly<Record<(typeof DEPENDENCY_CONDITIONS)[number], readonly RunState[]>> = {
    succeeded: ["succeeded"],
    failed: ["failed", "timedOut"],
    finished: FINAL_STATES,
  };
  const CELLS = DEPENDENCY_CONDITIONS.flatMap((condition) =>
    FINAL_STATES.map((state) => ({ condition, state, held: HOLDS[condition].includes(state) })),
  );

  it.each(CELLS)("finds that $condition of a $state run is $held", ({ condition, state, held }) => {
    expect(holds(condition, state)).toBe(held);
    expect(decided(after(condition, { state }))).toBe(held ? "open" : "skipped (dependency)");
  });
});
