import { describe, expect, it } from "vitest";
import { readWatchBody } from "../../functions/message-body.ts";

const run = "nightly.20270115T023000Z.0123abcd";
const operation = "demo.0123456789abcdefghij";
const job = "bt1job00000000000000";

describe("a watch message", () => {
  it.each([[{ run }], [{ operation }], [{ job }]])("asks to look at %j", (body) => {
    expect(readWatchBody(JSON.stringify(body))).toEqual({ ok: true, value: body });
  });

  it.each([
    [{}, "body: expected a run, an operation or a job, and nothing else"],
    [{ run, job }, "body: expected a run, an operation or a job, and nothing else"],
    [{ delivery: "x" }, "body: expected a run, an operation or a job, and nothing else"],
    [{ run: "nightly" }, "body: expected a run, an operation or a job, and nothing else"],
    [{ operation: "demo" }, "operation: expected an operation id"],
    [{ job: "../x" }, "job: expected a job id"],
  ])("that says %j is set aside, with the reason", (body, reason) => {
    expect(readWatchBody(JSON.stringify(body))).toEqual({ ok: false, reason });
  });
});
