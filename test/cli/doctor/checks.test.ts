import { describe, expect, it } from "vitest";
import { clockFinding, proxyFinding } from "../../../cli/doctor/checks.ts";

describe("the clock of a platform", () => {
  const asked = { askedAt: 100_000, answeredAt: 103_000 };

  it.each([
    ["is the same", 101_000, "ok", "agree"],
    ["may be any instant of the call", 103_000, "ok", "agree"],
    ["is a little behind", 98_000, "ok", "agree"],
    ["is behind", 97_999, "warning", "2s1ms behind this"],
    ["is ahead", 105_001, "warning", "2s1ms ahead of this"],
  ])("%s", (_, theirs, status, text) => {
    expect(clockFinding({ ...asked, theirs })).toMatchObject({
      status,
      text: expect.stringContaining(text) as string,
    });
  });
});

describe("a proxy", () => {
  it.each([
    ["is not set", {}, "ok"],
    ["is set, and this machine left out", { https_proxy: "p", no_proxy: "a, localhost" }, "ok"],
    ["is set, and everything left out", { HTTPS_PROXY: "p", NO_PROXY: "*" }, "ok"],
    ["is set for this machine too", { https_proxy: "p", no_proxy: "example.org" }, "warning"],
    ["is set for gRPC alone", { GRPC_PROXY: "p" }, "warning"],
  ])("%s", (_, environment, status) => {
    expect(proxyFinding(environment)).toMatchObject({ check: "proxy", status });
  });
});
