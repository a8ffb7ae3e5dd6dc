import { constants } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { createOnce, hasCode, type AttemptPlace } from "./attempt-place.ts";
import { findExecution, openTickets, type Execution } from "./execution.ts";
import { isAlive, killGroup } from "./process-identity.ts";

/**
 * Asks the execution to end, or kills it. The first reason given stays. While the attempt is still
 * being prepared its program will not begin. Repeating is safe: the signal is sent once.
 */
export async function stopExecution(
  place: AttemptPlace,
  how: "graceful" | "kill",
  because: "cancelled" | "timedOut",
): Promise<void> {
  const before = await findExecution(place);
  if (before === undefined && !(await isPreparing(place))) return;
  if (before !== undefined && !(await isAlive(before.leader))) return;
  await createOnce(place.stop, `${because}\n`);
  // Looked up again: a claim made since then was made by a supervisor that may not have seen `stop`.
  const execution = before ?? (await findExecution(place));
  if (execution === undefined) return;
  if (how === "kill") await killExecution(execution);
  else await wakeWatchdog(execution);
}

/** Kills at once whatever the execution does; `stop` must say why by now. */
export async function killExecution(execution: Execution): Promise<void> {
  await writeFile(execution.place.killed, "", { flag: "a" });
  await killGroup(execution.leader);
}

/** Whether a live process prepares a launch of the attempt. */
export async function isPreparing(place: AttemptPlace): Promise<boolean> {
  const alive = await Promise.all((await openTickets(place)).map((ticket) => isAlive(ticket)));
  return alive.includes(true);
}

/** A watchdog that has not opened its FIFO yet will find `stop` by itself (V6). */
async function wakeWatchdog(execution: Execution): Promise<void> {
  try {
    const fifo = await open(execution.launch.wake, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      await fifo.write("\n");
    } finally {
      await fifo.close();
    }
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENXIO", "EAGAIN", "EPIPE")) throw error;
  }
}
