import { spawn, type ChildProcess } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { OrreryError, messageOf } from "../../core/errors.ts";
import type { StartRequest } from "../../ports/executor.ts";
import {
  freshName,
  hasCode,
  launchPlace,
  makeDirectory,
  readIfPresent,
  type AttemptPlace,
  type LaunchPlace,
} from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import {
  findExecution,
  removeLaunch,
  writeTicket,
  type Execution,
  type Ticket,
} from "./execution.ts";
import { baseEnvironment } from "./job-environment.ts";
import { prepareLaunch, type PreparedLaunch } from "./prepare-launch.ts";
import { identityOf } from "./process-identity.ts";
import type { Pythons } from "./python-environment.ts";
import { SUPERVISOR_SCRIPT } from "./supervisor-script.ts";

/** The execution an attempt has after a launch, and its process where this launch won. */
export interface Launched {
  readonly execution: Execution;
  readonly child?: ChildProcess;
}

/**
 * Prepares a launch and starts its supervisor, which runs the program if it makes the claim (V1).
 * Afterwards the attempt has its one execution, ours or an earlier one; otherwise it throws and
 * this launch will never run.
 */
export async function launch(
  engine: ProcessEngine,
  request: StartRequest,
  at: { readonly place: AttemptPlace; readonly pythons: Pythons },
): Promise<Launched> {
  const { place } = at;
  const token = freshName();
  const mine = launchPlace(place, token);
  let child: ChildProcess | undefined;
  let failure: unknown;
  try {
    const ticket = await freshTicket(token);
    await makeDirectory(mine.directory);
    await makeDirectory(place.tickets);
    await writeTicket(place, ticket);
    const prepared = await prepareLaunch(engine, request, { ...at, launch: mine });
    await writeTicket(place, { ...ticket, plan: prepared.plan });
    child = await runSupervisor(engine, request, { place, launch: mine, token, prepared });
  } catch (error) {
    failure = error;
  }
  // Without its ticket this launch cannot make the claim any more, so what is found now is final.
  await rm(join(place.tickets, token), { force: true });
  const execution = await findExecution(place);
  if (execution?.token === token) {
    await syncDirectory(place.directory);
    return child === undefined ? { execution } : { execution, child };
  }
  const log = (await readIfPresent(join(mine.directory, "system"))) ?? "";
  await removeLaunch(mine.directory);
  if (execution !== undefined) return { execution };
  throw notStarted(
    request,
    failure ?? new Error(`its supervisor ended before it began: ${log.slice(-500).trim()}.`),
  );
}

async function freshTicket(token: string): Promise<Ticket> {
  const self = await identityOf(process.pid);
  assert(self !== undefined, `process ${process.pid} finds itself`);
  return { token, ...self };
}

/** Starts the supervisor and waits until it has made the claim, or has ended without. */
async function runSupervisor(
  engine: ProcessEngine,
  request: StartRequest,
  ready: {
    readonly place: AttemptPlace;
    readonly launch: LaunchPlace;
    readonly token: string;
    readonly prepared: PreparedLaunch;
  },
): Promise<ChildProcess> {
  const { place, prepared, token } = ready;
  const seconds = (durationMs: number): string => String(durationMs / 1000);
  const system = await open(join(ready.launch.directory, "system"), "a");
  try {
    const child = spawn(
      "/bin/sh",
      [
        ...["-c", SUPERVISOR_SCRIPT, "orrery-job", token, prepared.command],
        ...[request.softLimitMs, request.hardLimitMs, prepared.plan.graceMs].map(seconds),
        prepared.signal,
        baseEnvironment(engine).PATH,
      ],
      {
        cwd: place.directory,
        env: prepared.environment,
        detached: true,
        stdio: ["ignore", system.fd, system.fd, "pipe"],
      },
    );
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      // The supervisor lets go of this pipe right behind its claim, and so does its death.
      child.stdio[3]?.on("close", resolve).on("error", reject);
      (child.stdio[3] as NodeJS.ReadableStream | null)?.resume();
    });
    return child;
  } finally {
    await system.close();
  }
}

/**
 * Makes the claim outlast a loss of power, so that the attempt is not started a second time. A file
 * system that cannot do it takes nothing else away.
 */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } catch {
    // The program runs; failing here would tell its caller that it does not.
  } finally {
    await directory.close();
  }
}

function notStarted(request: StartRequest, error: unknown): OrreryError {
  const tooLong = hasCode(error, "E2BIG");
  const reason = tooLong ? "its command or environment is longer than the system takes." : error;
  const code = error instanceof OrreryError ? error.code : "EXECUTOR_UNAVAILABLE";
  return new OrreryError(
    tooLong ? "EXECUTION_PREPARE_FAILED" : code,
    `Attempt ${request.attempt} did not start: ${messageOf(reason)} Nothing of it was run.`,
    { cause: error },
  );
}
