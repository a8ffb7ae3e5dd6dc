import { describe, expect, it } from "vitest";
import { executionId, jobId, operationId } from "../../../shared/core/ids.ts";
import {
  attemptOperation,
  attemptOperationId,
} from "../../../shared/core/operation/attempt-operation.ts";
import type { Operation } from "../../../shared/core/operation/operation.ts";
import type { AttemptEnd } from "../../../shared/core/run/attempt.ts";
import type { Run } from "../../../shared/core/run/run.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { aRun, anAttempt, PROJECT, START_AT } from "../../support/builders.ts";

const second = (n: number): Instant => plusMs(START_AT, n * SECOND_MS);
const run = aRun();
const admitted = anAttempt(run, { admittedAt: second(1) });
const started = { ...admitted, launchedAt: second(2), startedAt: second(3) };
const ENDED: AttemptEnd = {
  endedAt: second(8),
  settledAt: second(9),
  unitsSettled: 20,
  outputs: [],
};

const metadata = (status: string) => ({
  "@type": "type.googleapis.com/orrery.v1.AttemptMetadata",
  ...{ run: run.id, attempt: 1, status },
});
const begun = (status: string) => ({ ...metadata(status), startedAt: "2027-01-15T00:00:03Z" });
const answer = (returnCode: string) => ({
  response: { "@type": "type.googleapis.com/orrery.v1.AttemptResponse", returnCode },
});
const failure = (code: number, message: string) => ({ error: { code, message } });

/** A run of one attempt, as it was admitted a second after it was due. */
const starting: Run = { ...run, state: "starting", attempts: [admitted] };
const running: Run = { ...run, state: "running", attempts: [started] };

/** The run that ended with its only attempt. */
function ended(
  state: Run["state"],
  end: Partial<AttemptEnd>,
  fields: Partial<Omit<Run, "schedule">> = {},
): Run {
  const attempts = [{ ...started, end: { ...ENDED, ...end } }];
  return { ...run, state, finishedAt: second(8), attempts, ...fields };
}

const reason = { code: "timeout", text: "It ran out of time and was stopped" } as const;
const lost = { code: "lost", text: "Its process vanished" } as const;
const cancelled = { code: "cancelled", text: "It was cancelled while it ran" } as const;
const retriedBecause = "Its program ended with exit code 3";

/** What an operation tells of how its attempt stands. */
type Told = Pick<Operation, "metadata" | "result" | "modifiedAt">;

/** What it tells from the beginning to the end. */
const UNCHANGING: Omit<Operation, keyof Told> = {
  id: operationId(`demo.${run.id}.1`),
  owner: PROJECT,
  description: "Run nightly, attempt 1",
  createdAt: second(1),
  createdBy: "orrery",
  subject: { kind: "attempt", run: run.id, number: 1 },
};

describe("the operation of an attempt", () => {
  it("names whoever started it", () => {
    expect(attemptOperation({ ...running, createdBy: "anna" }, 1)?.createdBy).toBe("anna");
  });

  it.each([
    ["Execute job", { kind: "job", job: jobId("bt1job00000000000000") }],
    ["Execute notebook", { kind: "notebook", execution: executionId("bt1exe00000000000000") }],
    ["Run nightly, attempt 1", { kind: "message", id: "m" }],
  ] as const)("is called %s after what asked for it", (description, cause) => {
    expect(attemptOperation({ ...running, cause }, 1)).toMatchObject({ description });
  });

  it.each([0, 2, 1.5, Number.NaN])("is not there for attempt %d of one", (number) => {
    expect(attemptOperation(running, number)).toBeUndefined();
  });

  it.each<[string, Run, Told]>([
    ["admitted", starting, { metadata: metadata("starting"), modifiedAt: second(1) }],
    [
      "launched",
      { ...starting, attempts: [{ ...admitted, launchedAt: second(2) }] },
      { metadata: metadata("starting"), modifiedAt: second(1) },
    ],
    ["running", running, { metadata: begun("running"), modifiedAt: second(3) }],
    [
      "asked to end",
      { ...running, cancelRequestedAt: second(5), cancelText: "Enough" },
      { metadata: begun("running"), modifiedAt: second(3) },
    ],
    [
      "succeeded",
      ended("succeeded", { exitCode: 0 }),
      { metadata: begun("succeeded"), result: answer("0"), modifiedAt: second(9) },
    ],
    [
      "failed by its program",
      ended("failed", { exitCode: 3 }, { reason: { code: "exit_code", text: "Exit code 3" } }),
      { metadata: begun("failed"), result: answer("3"), modifiedAt: second(9) },
    ],
    [
      "out of time",
      ended("timedOut", { exitCode: 143, operationError: 1 }, { reason }),
      { metadata: begun("timedOut"), result: failure(1, reason.text), modifiedAt: second(9) },
    ],
    [
      "lost",
      ended("failed", { operationError: 13 }, { reason: lost }),
      { metadata: begun("failed"), result: failure(13, lost.text), modifiedAt: second(9) },
    ],
    [
      "cancelled",
      ended("cancelled", { operationError: 1 }, { reason: cancelled }),
      { metadata: begun("cancelled"), result: failure(1, cancelled.text), modifiedAt: second(9) },
    ],
    [
      "cancelled with a word of why",
      ended("cancelled", { operationError: 1 }, { reason: cancelled, cancelText: "Enough" }),
      { metadata: begun("cancelled"), result: failure(1, "Enough"), modifiedAt: second(9) },
    ],
    [
      "out of time after somebody asked it to end",
      ended("timedOut", { operationError: 1 }, { reason, cancelText: "Enough" }),
      { metadata: begun("timedOut"), result: failure(1, reason.text), modifiedAt: second(9) },
    ],
    [
      "ended at the instant at which it was settled",
      {
        ...starting,
        ...{ state: "failed", finishedAt: second(4), reason: lost },
        attempts: [
          {
            ...admitted,
            end: { endedAt: second(4), unitsSettled: 0, outputs: [], operationError: 13 },
          },
        ],
      },
      { metadata: metadata("failed"), result: failure(13, lost.text), modifiedAt: second(4) },
    ],
    [
      "about to be tried again",
      ended(
        "waiting",
        { exitCode: 3, retriedBecause },
        { reason: { code: "retry", text: "Attempt 1 of 2 failed" } },
      ),
      { metadata: begun("waiting"), result: answer("3"), modifiedAt: second(9) },
    ],
    [
      "to be tried again, and its run was cancelled instead",
      ended(
        "cancelled",
        { operationError: 13, retriedBecause },
        { reason: cancelled, cancelText: "Enough" },
      ),
      { metadata: begun("waiting"), result: failure(13, retriedBecause), modifiedAt: second(9) },
    ],
  ])("tells how it stands when it is %s", (_what, given, expected) => {
    expect(attemptOperation(given, 1)).toEqual({ ...UNCHANGING, ...expected });
  });

  it("of an earlier attempt stays as it was while a later one goes on", () => {
    const [first] = ended("waiting", { operationError: 13, retriedBecause }).attempts;
    const again: Run = {
      ...run,
      state: "running",
      attempts: [...(first === undefined ? [] : [first]), { ...started, number: 2 }],
    };

    expect(attemptOperation(again, 1)).toMatchObject({
      metadata: { status: "waiting" },
      result: failure(13, retriedBecause),
    });
    expect(attemptOperation(again, 2)).toMatchObject({
      id: attemptOperationId(run, 2),
      description: "Run nightly, attempt 2",
      metadata: { status: "running", attempt: 2 },
    });
  });

  it("is never modified before it was made, where the executor's clock is behind", () => {
    const attempts = [{ ...started, startedAt: second(-5) }];

    expect(attemptOperation({ ...running, attempts }, 1)?.modifiedAt).toBe(second(1));
  });

  it("was modified when its end was recorded, where the executor's clock is ahead", () => {
    const early = ended("succeeded", { endedAt: second(60), settledAt: second(9) });

    expect(attemptOperation(early, 1)?.modifiedAt).toBe(second(9));
  });
});
