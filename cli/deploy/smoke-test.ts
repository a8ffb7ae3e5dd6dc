import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Deployed } from "../../infra/deploy/deploy.ts";
import { localClock } from "../../infra/local/wiring.ts";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { formatDurationMs } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { PlatformService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import type { ApiClient } from "../api-client.ts";
import { pause } from "../poll-until.ts";
import { remoteClient } from "../remote/rest-client.ts";

/** How a platform stands, as far as it can be asked. */
type Look =
  | { readonly state: "works" }
  /** It works, and has not applied the schedules that were just uploaded. */
  | { readonly state: "behind" }
  | { readonly state: "broken"; readonly why: string };

/**
 * Asks a platform that was just deployed until every part of it works and the schedules that were
 * uploaded are the live ones. Throws DEPLOY_FAILED where it does not come to that in time; schedules
 * that only look changed are never applied anew, so to wait for them in vain is no failure.
 */
export async function smokeTest(
  { installation, token, changedAt }: Deployed,
  say: (line: string) => void,
): Promise<void> {
  const clock = localClock;
  const api = remoteClient({ endpoint: installation.gatewayUrl, token, clock });
  const giveUpAt = plusMs(clock.now(), limits.deployApplyMs);
  let told = "";
  for (;;) {
    const look = await lookAt(api, changedAt);
    if (look.state === "works") return;
    const word = look.state === "broken" ? look.why : "the new schedules are not live yet";
    if (word !== told) say(`  ${word}`);
    told = word;
    if (clock.now() >= giveUpAt) {
      end(look, say);
      return;
    }
    await pause(clock, limits.deployPollMs);
  }
}

async function lookAt(api: ApiClient, changedAt: number | undefined): Promise<Look> {
  try {
    const { findings, configurationAppliedAt: at } = await api.call(
      PlatformService.method.diagnose,
      {},
    );
    const failed = findings.filter(({ status }) => status === "failed");
    if (failed.length > 0) {
      return {
        state: "broken",
        why: failed.map(({ check, text }) => `${check}: ${text}`).join("; "),
      };
    }
    const isLive = changedAt === undefined || (at !== undefined && timestampMs(at) >= changedAt);
    return { state: isLive ? "works" : "behind" };
  } catch (error) {
    return { state: "broken", why: messageOf(error) };
  }
}

function end(look: Look, say: (line: string) => void): void {
  const waited = formatDurationMs(limits.deployApplyMs);
  if (look.state === "broken") {
    throw new OrreryError(
      "DEPLOY_FAILED",
      `After ${waited} the platform does not work: ${look.why}`,
    );
  }
  say(`  After ${waited} they are not: either they say what the live ones say, or were refused.`);
  say("  `orrery doctor` shows when they were applied, `orrery rejected` why not.");
}
