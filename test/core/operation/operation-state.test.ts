import { describe, expect, it } from "vitest";
import { operationId } from "../../../shared/core/ids.ts";
import type { Operation } from "../../../shared/core/operation/operation.ts";
import {
  CANCELLED,
  moveOperation,
  type OperationEvent,
} from "../../../shared/core/operation/operation-state.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";

const open: Operation = {
  id: operationId("demo.0123456789abcdef0123"),
  project: PROJECT,
  description: "Run nightly, attempt 1",
  createdAt: START_AT,
  createdBy: "orrery",
  modifiedAt: START_AT,
  metadata: { attempt: 1 },
};
const at = plusMs(START_AT, 1_000);
const EVENTS: readonly OperationEvent[] = [
  { kind: "progress", metadata: { status: "EXECUTING" }, at },
  { kind: "respond", response: { returnCode: 0 }, at },
  { kind: "fail", code: CANCELLED, message: "It was cancelled", at },
];
const DONE: readonly (readonly [string, Operation])[] = [
  ["answered", { ...open, result: { response: { returnCode: 3 } } }],
  ["failed", { ...open, result: { error: { code: 13, message: "Lost" } } }],
];

describe("an open operation", () => {
  it("gathers metadata and stays open", () => {
    const [progress] = EVENTS;
    const moved = moveOperation(open, progress as OperationEvent);

    expect(moved).toEqual({
      ...open,
      modifiedAt: at,
      metadata: { attempt: 1, status: "EXECUTING" },
    });
  });

  it("is done with a response, or with an error, never with both", () => {
    const results = EVENTS.slice(1).map((event) => moveOperation(open, event).result);

    expect(results).toEqual([
      { response: { returnCode: 0 } },
      { error: { code: 1, message: "It was cancelled" } },
    ]);
  });

  it.each(EVENTS)("never goes back in time by $kind", (event) => {
    expect(moveOperation(open, { ...event, at: plusMs(START_AT, -1) }).modifiedAt).toBe(START_AT);
  });
});

describe.each(DONE)("an operation that %s", (_name, done) => {
  it.each(EVENTS)("is the very same after a late $kind", (event) => {
    expect(moveOperation(done, event)).toBe(done);
  });
});
