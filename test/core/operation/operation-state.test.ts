import { describe, expect, it } from "vitest";
import { operationId, ownerOf, runIdOf, scheduleName } from "../../../shared/core/ids.ts";
import type { Operation } from "../../../shared/core/operation/operation.ts";
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
const run = runIdOf({ schedule: scheduleName("nightly"), nominalAt: START_AT }, "occurrence");

const attempt: Operation = {
  id: operationId("demo.0123456789abcdef0123"),
  owner: PROJECT,
  description: "Run nightly, attempt 1",
  createdAt: START_AT,
  createdBy: "orrery",
  modifiedAt: START_AT,
  subject: { kind: "attempt", run, number: 1 },
  metadata: METADATA,
};
const opening = {
  kind: "open",
  subject: { type: "userAccount", id: "anna" },
  projectUrl: "http://127.0.0.1:7070/projects/demo",
} as const;
const call: Operation = {
  ...attempt,
  subject: { kind: "call", work: { ...opening, step: 0 } },
};
const at = plusMs(START_AT, 1_000);
const EVENTS: readonly OperationEvent[] = [
  { kind: "progress", metadata: LATER_METADATA, at },
  { kind: "respond", response: RESPONSE, at },
  { kind: "fail", code: CANCELLED, message: "It was cancelled", at },
];
const DONE: readonly (readonly [string, Operation])[] = [
  ["answered", { ...attempt, result: { response: RESPONSE } }],
  ["failed", { ...attempt, result: { error: { code: 13, message: "Lost" } } }],
];

describe("an open operation", () => {
  it("shows the latest metadata and stays open", () => {
    const [progress] = EVENTS;
    const moved = moveOperation(attempt, progress as OperationEvent);

    expect(moved).toEqual({ ...attempt, modifiedAt: at, metadata: LATER_METADATA });
  });

  it("is done with a response, or with an error, never with both", () => {
    const results = EVENTS.slice(1).map((event) => moveOperation(attempt, event).result);

    expect(results).toEqual([
      { response: RESPONSE },
      { error: { code: 1, message: "It was cancelled" } },
    ]);
  });

  it.each(EVENTS)("never goes back in time by $kind", (event) => {
    const early = plusMs(START_AT, -1);
    expect(moveOperation(attempt, { ...event, at: early }).modifiedAt).toBe(START_AT);
  });

  it("keeps what it follows", () => {
    for (const event of EVENTS) {
      expect(moveOperation(attempt, event).subject).toEqual(attempt.subject);
    }
  });
});

describe("a call with work left", () => {
  it("goes on with the work that a step leaves", () => {
    const work = { ...opening, step: 1 };
    const moved = moveOperation(call, { kind: "progress", metadata: LATER_METADATA, work, at });

    expect(workOf(moved)).toEqual(work);
  });

  it("has none left once it is done", () => {
    for (const event of EVENTS.slice(1)) {
      const done = moveOperation(call, event);
      expect(workOf(done)).toBeUndefined();
      expect(done.subject).toEqual({ kind: "call" });
    }
  });
});

describe.each(DONE)("an operation that %s", (_name, done) => {
  it.each(EVENTS)("is the very same after a late $kind", (event) => {
    expect(moveOperation(done, event)).toBe(done);
  });
});

describe("an operation's id", () => {
  it("spells out whose it is", () => {
    expect(ownerOf("demo.0123456789abcdef0123")).toBe("demo");
  });

  it.each(["", "demo", "demo.", "Demo.0123456789abcdef0123", "demo.0123456789ABCDEF0123", "a.b.c"])(
    "is none: %j",
    (text) => {
      expect(ownerOf(text)).toBeUndefined();
    },
  );
});
