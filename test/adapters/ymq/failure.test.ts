import { describe, expect, it } from "vitest";
import { failureOf, kindOfEntry, QueueFailure } from "../../../shared/adapters/ymq/failure.ts";
import { limits } from "../../../shared/core/limits.ts";

/** An error of the SDK's for an answer. */
const answered = (status: number, name: string, more: object = {}): Error =>
  Object.assign(new Error("why"), { name, $metadata: { httpStatusCode: status, ...more } });

/** An error of the network's, as the SDK passes it on. */
const coded = (code: string): Error => Object.assign(new Error("why"), { code, $metadata: {} });

describe("a failed call", () => {
  it.each([
    ["late or cut by the other side", coded("ECONNRESET"), "cut"],
    ["on a connection that was closed", coded("EPIPE"), "cut"],
    ["hung up on", new Error("socket hang up"), "cut"],
    [
      "with a clock that the SDK has mended",
      answered(403, "RequestTimeTooSkewed", { clockSkewCorrected: true }),
      "cut",
    ],
    ["to a host without a name", coded("ENOTFOUND"), "unavailable"],
    ["to nobody", coded("ECONNREFUSED"), "unavailable"],
    ["with a certificate of its own", coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "untrusted"],
    ["with a certificate that ended", coded("CERT_HAS_EXPIRED"), "untrusted"],
    [
      "whose messages were spoiled",
      new Error("Invalid MD5 checksum on messages: a"),
      "unavailable",
    ],
    ["over a quota", answered(400, "OverLimit"), "throttled"],
    ["refused by an old clock", answered(400, "RequestExpired"), "denied"],
    ["with a status alone", answered(401, "Error"), "denied"],
    ["of a bug", new TypeError("x is not a function"), "refused"],
    ["of something that is no error", "oops", "refused"],
  ] as const)("%s is told apart", (_what, error, kind) => {
    expect(failureOf(error, []).kind).toBe(kind);
  });

  it("is itself where it was one already", () => {
    const failure = new QueueFailure("late", "x");

    expect(failureOf(failure, [])).toBe(failure);
  });

  it("is one line of a bounded length without any secret", () => {
    const error = new Error(`${"SECRET".repeat(2)}${"x".repeat(1_000)}\nSECRET`);

    const { message } = failureOf(error, ["SECRET"]);

    expect(message).toHaveLength(limits.ymqFailureChars);
    expect(message).toMatch(/^……x+$/);
  });
});

describe("a failed entry of a batch", () => {
  it.each([
    ["InternalError", false, "unavailable"],
    ["InvalidMessageContents", true, "refused"],
    ["ThrottlingException", true, "throttled"],
    ["AWS.SimpleQueueService.OverLimit", true, "throttled"],
  ] as const)("%s (sender's fault: %s) is %s", (code, isSenderFault, kind) => {
    expect(kindOfEntry(code, isSenderFault)).toBe(kind);
  });
});
