import { describe, expect, it } from "vitest";
import { redactor, secretsIn } from "../../../shared/adapters/json-log/redact.ts";

describe("a text that quotes a secret", () => {
  it.each([
    ["Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]"],
    ["token t1.9euelZqMnJeVkM.signature-part refused", "token [redacted] refused"],
    [
      "PUT https://s3/b/k?X-Amz-Date=1&X-Amz-Signature=0af3&x=1 failed",
      "PUT https://s3/b/k?X-Amz-Date=1&X-Amz-Signature=[redacted]&x=1 failed",
    ],
    ["grpcs://user:hunter2@host:2135 is away", "grpcs://[redacted]@host:2135 is away"],
    ["Api-Key AQVNabcdefgh1234", "Api-Key [redacted]"],
  ])("has it no more: %s", (text, clean) => {
    expect(redactor([])(text)).toBe(clean);
  });

  it("has no value of the environment that is secret by its name", () => {
    const environment = {
      OPS_SECRET: "whsec_abcdefgh",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Key%20one23456,x-project=folder__1",
      AWS_SECRET_ACCESS_KEY: "aws-secret-key",
      ORRERY_STORE: "grpcs://ydb.example.org/?database=/local",
    };
    const redact = redactor(secretsIn(environment));

    const text = Object.values(environment).join(" | ");
    expect(redact(text)).not.toMatch(/whsec_|one23456|aws-secret/);
    expect(redact(environment.ORRERY_STORE)).toBe(environment.ORRERY_STORE);
  });

  it("stays as it is where a secret is too short to be told from a word", () => {
    expect(redactor(["run", undefined])("the run is due")).toBe("the run is due");
  });

  it("is done with in time, whatever it is", () => {
    const text = `a://${"a:".repeat(50_000)}${"&token=x".repeat(20_000)}`;

    expect(redactor(["a-secret-value"])(text).includes("token=x")).toBe(false);
  });
});
