import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  commandServices,
  hasData,
  openData,
  platformRuns,
  type DataDirectory,
} from "../infra/local/wiring.ts";
import { apiToken } from "../infra/local/api-token.ts";
import { isLeased } from "../infra/local/platform-lease.ts";
import type { ApiServices } from "../shared/api/api-services.ts";
import { createApi } from "../shared/api/create-api.ts";
import { orreryServices } from "../shared/api/services/orrery/orrery-services.ts";
import { OrreryError } from "../shared/core/errors.ts";
import type { Log } from "../shared/ports/log.ts";
import type { Services } from "../shared/usecases/services.ts";
import { localClient, type ApiClient } from "./api-client.ts";
import { storeOf, type StateOptions } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** A data directory that a command works on, beside a running platform or without one. */
export interface OpenData extends DataDirectory {
  /** The methods of our own API, called as the platform's own token may call them. */
  readonly api: ApiClient;
  /** Absolute. */
  readonly directory: string;
  readonly services: Services;
}

/**
 * Does something with a data directory that must be there; one that is not is never made. Where the
 * state is in a database elsewhere, this machine may have no directory: it is done without.
 */
export async function withData<T>(
  terminal: Terminal,
  options: StateOptions,
  use: (data: OpenData) => Promise<T>,
): Promise<T> {
  const directory = options.data;
  const store = storeOf(options);
  if (store === undefined ? hasData(directory) : existsSync(directory)) {
    return await withNewData(terminal, options, use);
  }
  if (store === undefined) {
    throw new OrreryError(
      "DATA_NOT_FOUND",
      `There is no platform's data in ${resolve(directory)}: start one there with \`orrery up\`, or name another folder with --data`,
    );
  }
  const passing = mkdtempSync(join(tmpdir(), "orrery-"));
  try {
    return await useData(terminal, { directory: resolve(directory), kept: passing, store }, use);
  } finally {
    rmSync(passing, { recursive: true, maxRetries: 3 });
  }
}

/** Does something with a data directory, which is made when absent. */
export async function withNewData<T>(
  terminal: Terminal,
  options: StateOptions,
  use: (data: OpenData) => Promise<T>,
): Promise<T> {
  const directory = resolve(options.data);
  return await useData(terminal, { directory, kept: directory, store: storeOf(options) }, use);
}

interface Place {
  /** The data directory that was asked for. */
  readonly directory: string;
  /** The one that is opened. */
  readonly kept: string;
  readonly store: string | undefined;
}

async function useData<T>(
  terminal: Terminal,
  { directory, kept, store }: Place,
  use: (data: OpenData) => Promise<T>,
): Promise<T> {
  const data = await openData(kept, { store });
  try {
    // Else the first call finds out, and the API would report it beside the command.
    await data.shared?.check();
    const services = commandServices(data, warningsOn(terminal));
    const token = apiToken(kept, services.random);
    return await use({ ...data, directory, services, api: apiOf(data, services, token) });
  } finally {
    await data.close();
  }
}

/** Our own methods over a data directory, in this process. */
function apiOf(data: DataDirectory, services: Services, token: string): ApiClient {
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
export async function warnUnlessRunning(
  terminal: Terminal,
  data: OpenData,
  meaning: string,
): Promise<void> {
  if (data.shared === undefined) {
    if (platformRuns(data.directory)) return;
    terminal.err(`No platform runs on ${data.directory}: ${meaning}.`);
  } else {
    if (await isLeased(data)) return;
    terminal.err(`No platform drives ${data.shared.address}: ${meaning}.`);
  }
}

/** A command prints its own result; of the log only trouble is worth a line. */
function warningsOn(terminal: Terminal): Log {
  return {
    write: ({ level, message }) => {
      if (level === "warn" || level === "error") terminal.err(message);
    },
  };
}
