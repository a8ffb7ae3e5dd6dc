import { describe, expect, it } from "vitest";
import { operationId } from "../../../shared/core/ids.ts";
import type { CallOperation } from "../../../shared/core/operation/operation.ts";
import {
  CANCELLED,
  moveOperation,
  workOf,
  type OperationEvent,
} from "../../../shared/core/operation/operation-state.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";

const METADATA = { "@type": "type.example.org/Metadata", step: 1 };
const LATER_METADATA = { "@type": "type.example.org/Metadata", step: 2 };
const RESPONSE = { "@type": "type.example.org/Response" };
const opening = {
  kind: "open",
  subject: { type: "userAccount", id: "anna" },
  projectUrl: "http://127.0.0.1:7070/projects/demo",
} as const;
const call: CallOperation = {
  id: operationId("demo.0123456789abcdef0123"),
  owner: PROJECT,
  description: "Open project",
  createdAt: START_AT,
  createdBy: "anna",
  modifiedAt: START_AT,
  subject: { kind: "call", work: { ...opening, step: 0 } },
  metadata: METADATA,
};
const LATER_WORK = { ...opening, step: 1 };
const at = plusMs(START_AT, 1_000);
const PROGRESS: OperationEvent = {
  kind: "progress",
  metadata: LATER_METADATA,
  work: LATER_WORK,
  at,
};
const ENDS: readonly OperationEvent[] = [
  { kind: "respond", response: RESPONSE, at },
  { kind: "fail", code: CANCELLED, message: "It was cancelled", at },
];
const EVENTS = [PROGRESS, ...ENDS];
const DONE: readonly (readonly [string, CallOperation])[] = [
  ["answered", { ...call, result: { response: RESPONSE } }],
  ["failed", { ...call, result: { error: { code: 13, message: "Lost" } } }],
];

describe("an open operation", () => {
  it("shows the latest metadata, keeps the work that a step leaves, and stays open", () => {
    const moved = moveOperation(call, PROGRESS);

    expect(moved).toEqual({
      ...call,
      modifiedAt: at,
      metadata: LATER_METADATA,
      subject: { kind: "call", work: LATER_WORK },
    });
    expect(workOf(moved)).toEqual(LATER_WORK);
  });

  it("is done with a response, or with an error, never with both", () => {
    const results = ENDS.map((event) => moveOperation(call, event).result);

    expect(results).toEqual([
      { response: RESPONSE },
      { error: { code: 1, message: "It was cancelled" } },
    ]);
  });

  it.each(EVENTS)("never goes back in time by $kind", (event) => {
    const early = plusMs(START_AT, -1);
    expect(moveOperation(call, { ...event, at: early }).modifiedAt).toBe(START_AT);
  });

  it.each(ENDS)("has no work left once it is done by $kind", (event) => {
    const done = moveOperation(call, event);

    expect(workOf(done)).toBeUndefined();
    expect(done.subject).toEqual({ kind: "call" });
  });
});

describe.each(DONE)("an operation that %s", (_name, done) => {
  it.each(EVENTS)("is the very same after a late $kind", (event) => {
    expect(moveOperation(done, event)).toBe(done);
  });
});
