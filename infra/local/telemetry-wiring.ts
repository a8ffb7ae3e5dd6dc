import { JsonLog } from "../../shared/adapters/json-log/json-log.ts";
import { redactor, secretsIn } from "../../shared/adapters/json-log/redact.ts";
import { measuredParts } from "../../shared/adapters/measured/measured-parts.ts";
import {
  createTelemetryScope,
  openTelemetry,
  type TelemetryScope,
} from "../../shared/adapters/otel/open-telemetry.ts";
import { isConfigured } from "../../shared/adapters/otel/otlp-settings.ts";
import { VERSION } from "../../shared/core/version.ts";
import type { Log } from "../../shared/ports/log.ts";
import { noTelemetry } from "../../shared/ports/telemetry.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { localClock, localRandom } from "./wiring.ts";

/** What handlers stand on: the same, measured where somebody listens. */
export function measured(services: Services): Services {
  return { ...services, ...measuredParts(services, services) };
}

/** What a platform tells of itself. */
export interface Observed extends Pick<Services, "log" | "telemetry"> {
  /** Sends what is to be told to a collector; never rejects, and takes no longer than a bound. */
  readonly flush: () => Promise<void>;
}

/**
 * Tells a story, or log entries as lines of JSON, for a machine that reads them instead of a person,
 * which name the call they are of; and tells a collector, where the environment names one.
 */
export function observe(written: { readonly story: Log } | { readonly json: Lines }): Observed {
  const scope = createTelemetryScope();
  const log = "story" in written ? written.story : jsonLog(written.json, scope.fields);
  const random = localRandom;
  const environment = process.env;
  // A story names no call, so that nobody has to follow them.
  if ("story" in written && !isConfigured(environment)) {
    return { log, telemetry: noTelemetry, flush: async () => await Promise.resolve() };
  }
  const sends = "now and then";
  const options = { environment, clock: localClock, random, log, version: VERSION, sends } as const;
  return { log, ...openTelemetry(options, scope) };
}

interface Lines {
  write(line: string): void;
}

function jsonLog(lines: Lines, fields: TelemetryScope["fields"]): Log {
  const redact = redactor(secretsIn(process.env));
  return new JsonLog({ write: (line) => lines.write(line.trimEnd()) }, { fields, redact });
}
