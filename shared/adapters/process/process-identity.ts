import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { hasCode } from "./attempt-place.ts";

const run = promisify(execFile);
const LINUX = process.platform === "linux";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot and the tick it was born in on Linux; elsewhere its start time to the second. */
  readonly born: string;
}

/** The fields of `/proc/PID/stat` behind the name, which may itself hold spaces and parentheses. */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
const STATE = 0;
const GROUP = 2;
const BORN_TICK = 19;

/** Reads what a supervisor wrote about itself; undefined where a line is missing. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [pid = "", boot = "", born = "", end] = text.split("\n");
  if (end === undefined || !/^\d+$/.test(pid)) return undefined;
  if (boot === "") return { pid: Number(pid), born: born.trim().replaceAll(/\s+/g, " ") };
  return { pid: Number(pid), born: `${boot} ${statFields(born)[BORN_TICK] ?? ""}` };
}

/** The identity of whatever runs under this id; undefined where nothing does, or only a zombie. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  if (!LINUX) return await identityByPs(pid);
  const stat = readStat(String(pid));
  if (stat === undefined || hasEnded(stat)) return undefined;
  const boot = readFileSync(BOOT_ID, "utf8").trim();
  return { pid, born: `${boot} ${statFields(stat)[BORN_TICK] ?? ""}` };
}

async function identityByPs(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const answer = await run("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      env: { ...process.env, LC_ALL: "C" },
    });
    const [state = "", ...born] = answer.stdout.trim().split(/\s+/);
    return state.startsWith("Z") ? undefined : { pid, born: born.join(" ") };
  } catch {
    // `ps` exits with 1 where there is no such process.
    return undefined;
  }
}

/** Synchronous, because /proc never waits for a disk and a turn of the thread pool costs ten reads. */
function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

function hasEnded(stat: string): boolean {
  return ["Z", "X"].includes(statFields(stat)[STATE] ?? "");
}

/** Whether exactly this process still runs. One that left no identity does not. */
export async function isAlive(identity: ProcessIdentity | undefined): Promise<boolean> {
  return identity !== undefined && (await identityOf(identity.pid))?.born === identity.born;
}

/**
 * Whether anything of the group that this process led still runs. An id is not given to a new
 * process while a group carries it, so another process under the leader's id proves that the group
 * is empty. Zombies do not count: where nobody reaps orphans they stay for ever.
 */
export async function groupLives(leader: ProcessIdentity | undefined): Promise<boolean> {
  if (leader === undefined) return false;
  const present = await identityOf(leader.pid);
  if (present !== undefined) return present.born === leader.born;
  try {
    process.kill(-leader.pid, 0);
  } catch (error) {
    return !hasCode(error, "ESRCH");
  }
  if (!LINUX) return true;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(entry);
    if (stat === undefined || hasEnded(stat)) continue;
    if (statFields(stat)[GROUP] === String(leader.pid)) return true;
  }
  return false;
}

/** Sends SIGKILL to all that is left of the group, never to a later one; nothing left is fine. */
export async function killGroup(leader: ProcessIdentity | undefined): Promise<void> {
  if (leader === undefined) return;
  const present = await identityOf(leader.pid);
  if (present !== undefined && present.born !== leader.born) return;
  try {
    process.kill(-leader.pid, "SIGKILL");
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
