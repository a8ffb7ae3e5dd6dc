import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Finding } from "../../shared/core/finding.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { formatDurationMs } from "../../shared/core/time/duration.ts";
import { PlatformService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import type { Target } from "../target.ts";

/** What can be known of a platform by asking it: its own findings, and how far its clock is off. */
export async function askPlatform({ api, clock }: Target): Promise<readonly Finding[]> {
  const askedAt = clock.now();
  const { at, findings } = await api.call(PlatformService.method.diagnose, {});
  const answeredAt = clock.now();
  const own = findings.map(({ check, status, text, remedy }) => ({
    check,
    status: status as Finding["status"],
    text,
    ...(remedy === "" ? {} : { remedy }),
  }));
  if (at === undefined) return own;
  return [clockFinding({ askedAt, answeredAt, theirs: timestampMs(at) }), ...own];
}

/** The platform was asked at some instant between; how long that took is not its clock's fault. */
export function clockFinding(looked: {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly theirs: number;
}): Finding {
  const { askedAt, answeredAt, theirs } = looked;
  const skewMs = theirs < askedAt ? askedAt - theirs : Math.max(0, theirs - answeredAt);
  if (skewMs <= limits.clockSkewMs) {
    return { check: "clock", status: "ok", text: "This machine's clock and the platform's agree" };
  }
  const way = theirs < askedAt ? "behind" : "ahead of";
  return {
    check: "clock",
    status: "warning",
    text: `The platform's clock is ${formatDurationMs(skewMs)} ${way} this machine's`,
    remedy: "schedules follow the platform's: let one of the two be set by a time server",
  };
}

/** The platform could not be asked at all. */
export function unreached(error: unknown): Finding {
  return {
    check: "api",
    status: "failed",
    text: `The platform does not answer: ${messageOf(error)}`,
    remedy: "until it does, nothing more can be known of it",
  };
}

/** gRPC clients obey a proxy's variable also for this machine, unless they are told otherwise. */
export function proxyFinding(environment: Readonly<Record<string, string | undefined>>): Finding {
  const value = (name: string): string =>
    environment[name] ?? environment[name.toUpperCase()] ?? "";
  const proxied = ["https_proxy", "grpc_proxy"].filter((name) => value(name) !== "");
  const direct = `${value("no_proxy")},${value("no_grpc_proxy")}`
    .split(",")
    .map((each) => each.trim());
  if (proxied.length === 0 || direct.includes("localhost") || direct.includes("*")) {
    return {
      check: "proxy",
      status: "ok",
      text: "No proxy stands before this machine's own address",
    };
  }
  return {
    check: "proxy",
    status: "warning",
    text: `${proxied.join(" and ")} is set, and gRPC clients would go through it to localhost too`,
    remedy: "set no_proxy=localhost,127.0.0.1",
  };
}
