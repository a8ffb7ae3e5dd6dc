import { resolve } from "node:path";
import {
  commandServices,
  hasData,
  openDataDirectory,
  platformRuns,
  type DataDirectory,
} from "../infra/local/wiring.ts";
import { apiToken } from "../infra/local/api-token.ts";
import type { ApiServices } from "../shared/api/api-services.ts";
import { createApi } from "../shared/api/create-api.ts";
import { orreryServices } from "../shared/api/services/orrery/orrery-services.ts";
import { OrreryError } from "../shared/core/errors.ts";
import type { Log } from "../shared/ports/log.ts";
import type { Services } from "../shared/usecases/services.ts";
import { localClient, type ApiClient } from "./api-client.ts";
import type { Terminal } from "./terminal.ts";

/** A data directory that a command works on, beside a running platform or without one. */
export interface OpenData extends DataDirectory {
  /** The methods of our own API, called as the platform's own token may call them. */
  readonly api: ApiClient;
  /** Absolute. */
  readonly directory: string;
  readonly services: Services;
}

/** Does something with a data directory that must be there; one that is not is never made. */
export async function withData<T>(
  terminal: Terminal,
  directory: string,
  use: (data: OpenData) => Promise<T>,
): Promise<T> {
  if (hasData(directory)) return await withNewData(terminal, directory, use);
  throw new OrreryError(
    "DATA_NOT_FOUND",
    `There is no platform's data in ${resolve(directory)}: start one there with \`orrery up\`, or name another folder with --data`,
  );
}

/** Does something with a data directory, which is made when absent. */
export async function withNewData<T>(
  terminal: Terminal,
  directory: string,
  use: (data: OpenData) => Promise<T>,
): Promise<T> {
  const absolute = resolve(directory);
  const data = openDataDirectory(absolute);
  try {
    const services = commandServices(data, warningsOn(terminal));
    return await use({
      ...data,
      directory: absolute,
      services,
      api: apiOf(data, services, absolute),
    });
  } finally {
    await data.store.close();
  }
}

/** Our own methods over a data directory, in this process. */
function apiOf(data: DataDirectory, services: Services, directory: string): ApiClient {
  const token = apiToken(directory, services.random);
  const apiServices: ApiServices = {
    ...services,
    apiToken: token,
    alarms: data.clock,
    // None of these methods answers with an address.
    publicUrl: () => "",
  };
  return localClient(createApi(apiServices, orreryServices(apiServices)), token);
}

/** Says on the side that no platform runs, and what that means for what was just asked. */
export function warnUnlessRunning(terminal: Terminal, data: OpenData, meaning: string): void {
  if (platformRuns(data.directory)) return;
  terminal.err(`No platform runs on ${data.directory}: ${meaning}.`);
}

/** A command prints its own result; of the log only trouble is worth a line. */
function warningsOn(terminal: Terminal): Log {
  return {
    write: ({ level, message }) => {
      if (level === "warn" || level === "error") terminal.err(message);
    },
  };
}
