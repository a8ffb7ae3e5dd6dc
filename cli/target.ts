import { existsSync } from "node:fs";
import { localClock, outputPath } from "../infra/local/wiring.ts";
import type { OutputFile } from "../shared/core/execution/execution-result.ts";
import { OrreryError } from "../shared/core/errors.ts";
import type { AttemptId } from "../shared/core/ids.ts";
import { limits } from "../shared/core/limits.ts";
import type { Alarms, Clock } from "../shared/ports/clock.ts";
import type { ApiClient } from "./api-client.ts";
import { warnUnlessRunning, withData, withNewData, type OpenData } from "./data.ts";
import { storeOf, type TargetOptions } from "./options.ts";
import { parseEndpoint } from "./remote/endpoint.ts";
import { remoteToken } from "./remote/remote-token.ts";
import type { Terminal } from "./terminal.ts";

/** The platform a command is about: a data directory of this machine, or one that is deployed. */
export interface Target {
  readonly api: ApiClient;
  readonly clock: Clock & Alarms;
  /** How often whoever waits looks again: rarely where each look is billed. */
  readonly pollMs: number;
  /** Whether a stream that is followed goes on until its end, or stops at what there is now. */
  readonly follows: boolean;
  /** Where an output is on this machine's disk; undefined where it is not on it. */
  readonly outputPath: (attempt: AttemptId, output: OutputFile) => string | undefined;
  /** Says on the side that no platform runs, and what that means for what was just asked. */
  readonly warnUnlessRunning: (meaning: string) => Promise<void>;
}

/** Does something with a platform that must be there; a data directory is never made. */
export async function withTarget<T>(
  terminal: Terminal,
  options: TargetOptions,
  use: (target: Target) => Promise<T>,
): Promise<T> {
  const remote = await remoteTarget(options);
  if (remote !== undefined) return await use(remote);
  return await withData(terminal, options, async (data) => await use(localTarget(terminal, data)));
}

/** Does something with a platform; a data directory is made when absent. */
export async function withNewTarget<T>(
  terminal: Terminal,
  options: TargetOptions,
  use: (target: Target) => Promise<T>,
): Promise<T> {
  const remote = await remoteTarget(options);
  if (remote !== undefined) return await use(remote);
  const onData = async (data: OpenData): Promise<T> => await use(localTarget(terminal, data));
  return await withNewData(terminal, options, onData);
}

function localTarget(terminal: Terminal, data: OpenData): Target {
  const { api, clock, shared, directory } = data;
  return {
    api,
    clock,
    pollMs: shared === undefined ? limits.commandPollMs : limits.sharedPollMs,
    follows: true,
    outputPath: (attempt, output) => {
      const path = outputPath(directory, attempt, output);
      // What ran elsewhere left its files there.
      return existsSync(path) ? path : undefined;
    },
    warnUnlessRunning: async (meaning) => await warnUnlessRunning(terminal, data, meaning),
  };
}

/** The platform that `--endpoint` names; undefined where a command is about this machine. */
export async function remoteTarget(options: TargetOptions): Promise<Target | undefined> {
  const { endpoint = "" } = options;
  if (endpoint === "") return undefined;
  if (storeOf(options) !== undefined) {
    throw new OrreryError(
      "USAGE",
      "Give --endpoint (ORRERY_ENDPOINT) or --store (ORRERY_STORE), not both: they are two ways to a platform",
    );
  }
  return await connected(parseEndpoint(endpoint));
}

async function connected(endpoint: string): Promise<Target> {
  // Loaded only here: a command on this machine's data needs no HTTP.
  const { remoteClient } = await import("./remote/rest-client.ts");
  const token = await remoteToken(process.env);
  return {
    api: remoteClient({ endpoint, token, clock: localClock }),
    clock: localClock,
    pollMs: limits.sharedPollMs,
    follows: false,
    outputPath: () => undefined,
    // What is deployed runs.
    warnUnlessRunning: async () => await Promise.resolve(),
  };
}
