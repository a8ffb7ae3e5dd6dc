import { JsonLog } from "../../../shared/adapters/json-log/json-log.ts";
import { redactor } from "../../../shared/adapters/json-log/redact.ts";
import {
  createTelemetryScope,
  openTelemetry,
} from "../../../shared/adapters/otel/open-telemetry.ts";
import { systemAlarms, systemClock } from "../../../shared/adapters/system/system-clock.ts";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";
import { contextToken, type ContextToken } from "../../../shared/adapters/ydb/context-token.ts";
import { metadataToken } from "../../../shared/adapters/ydb/metadata-token.ts";
import { VERSION } from "../../../shared/core/version.ts";
import type { Environment } from "../environment.ts";
import type { World } from "./part.ts";

export { measuredParts } from "../../../shared/adapters/measured/measured-parts.ts";

/** Where each call's token is offered to whoever needs one. */
export type ContextTokens = ContextToken;

/** Variables whose values are secret, whatever text they turn up in. */
const SECRETS = ["AWS_SECRET_ACCESS_KEY", "ORRERY_API_TOKEN", "OTEL_EXPORTER_OTLP_HEADERS"];

/** What an instance of a function has from its beginning, whatever the function is. */
export function instanceWorld(
  environment: Environment,
): Omit<World, "get" | "tokens"> & { readonly tokens: ContextTokens } {
  const clock = { ...systemClock, ...systemAlarms };
  const scope = createTelemetryScope();
  // The runtime passes standard output on line by line, and reads lines of JSON.
  const log = new JsonLog(process.stdout, {
    fields: () => scope.fields(),
    redact: redactor(SECRETS.map((name) => environment[name])),
  });
  const tokens = contextToken(clock, metadataToken({ clock }));
  const { telemetry } = openTelemetry(
    { environment, clock, random: systemRandom, log, version: VERSION, sends: "each call" },
    scope,
  );
  return { environment, clock, random: systemRandom, log, tokens, telemetry };
}
