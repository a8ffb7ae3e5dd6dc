import { describe, expect, it } from "vitest";
import { parseQueueAddress } from "../../../shared/adapters/ymq/queue-address.ts";
import { keysFrom } from "../../../shared/adapters/ymq/queue-keys.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { OrreryError } from "../../../shared/core/errors.ts";

function thrownBy(act: () => unknown): OrreryError {
  try {
    act();
  } catch (error) {
    return error as OrreryError;
  }
  throw new Error("It was accepted");
}

describe("the address of queues", () => {
  it.each([
    ["sqs://localhost:4566/orrery-", "http://localhost:4566", "orrery-"],
    ["sqs://127.0.0.1:4566/o", "http://127.0.0.1:4566", "o"],
    ["sqs://[::1]:4566/o_1", "http://[::1]:4566", "o_1"],
    [
      "sqs://message-queue.api.cloud.yandex.net/dev-",
      "https://message-queue.api.cloud.yandex.net",
      "dev-",
    ],
    ["sqs://queues.example:8443/dev", "https://queues.example:8443", "dev"],
    ["sqs+http://fauxqs:4566/dev", "http://fauxqs:4566", "dev"],
  ])("%s is read", (text, endpoint, prefix) => {
    expect(parseQueueAddress(text)).toEqual({ endpoint, prefix });
  });

  it.each([
    ["localhost", "it is no URL"],
    ["localhost:4566/o", "its scheme is neither"],
    ["https://localhost:4566/o", "its scheme is neither"],
    ["sqs:///o", "it names no host"],
    ["sqs://localhost:4566", "its path is no prefix"],
    ["sqs://localhost:4566/", "its path is no prefix"],
    ["sqs://localhost:4566/a/b", "its path is no prefix"],
    ["sqs://localhost:4566/a.fifo", "its path is no prefix"],
    [`sqs://localhost:4566/${"x".repeat(limits.queuePrefixChars + 1)}`, "its path is no prefix"],
    ["sqs://localhost:0/o", "port 0 is no port"],
    ["sqs://localhost:4566/o?region=x", "something stands behind its path"],
    ["sqs://localhost:4566/o#x", "something stands behind its path"],
  ])("%s is refused, with what is wrong and what is right", (text, what) => {
    const error = thrownBy(() => parseQueueAddress(text));

    expect(error).toMatchObject({ code: "QUEUE_ADDRESS_INVALID", retry: "never" });
    expect(error.message).toContain(what);
    expect(error.message).toContain("sqs://HOST[:PORT]/PREFIX");
  });

  it("with a password is refused, and nothing of it repeated", () => {
    const { message } = thrownBy(() => parseQueueAddress("sqs://AKIDKEY:s3cret@localhost/o"));

    expect(message).not.toMatch(/s3cret|AKIDKEY/);
  });
});

describe("keys from the environment", () => {
  it("are those that every program for such services reads", () => {
    const environment = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", OTHER: "x" };

    expect(keysFrom(environment)).toEqual({ accessKeyId: "id", secretAccessKey: "secret" });
  });

  it.each([
    [{}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"],
    [{ AWS_ACCESS_KEY_ID: "id" }, "lacks AWS_SECRET_ACCESS_KEY:"],
    [{ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "hidden" }, "lacks AWS_ACCESS_KEY_ID:"],
  ])("are asked for by name where they are missing: %j", (environment, names) => {
    const error = thrownBy(() => keysFrom(environment));

    expect(error).toMatchObject({ code: "QUEUE_CREDENTIALS_MISSING" });
    expect(error.message).toContain(names);
    expect(error.message).not.toContain("hidden");
  });
});
