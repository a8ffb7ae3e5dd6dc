import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { assert } from "../../core/assert.ts";
import { attemptKeyOf, type AttemptId } from "../../core/ids.ts";

/** Where everything of one attempt is. */
export interface AttemptPlace {
  readonly attempt: AttemptId;
  readonly directory: string;
  /** One file per `start` in progress; see the protocol in `supervisor-script.ts`. */
  readonly tickets: string;
  readonly claim: string;
  /** Why the execution was asked to end: `cancelled` or `timedOut`. Written once. */
  readonly stop: string;
  /** Its modification time is when the group was sent SIGKILL. */
  readonly killed: string;
  /** The final report, once outputs are collected. */
  readonly result: string;
  readonly outputs: string;
  /** Made by the poll that says the outputs are being collected; the next poll collects. */
  readonly collecting: string;
  /** Where the directory goes on its way out. */
  readonly cleared: string;
}

/** Where one launch keeps what it prepared and what its program writes. */
export interface LaunchPlace {
  readonly directory: string;
  readonly work: string;
  readonly pid: string;
  readonly exit: string;
  /** The word the watchdog puts into `stop` when a limit is reached. */
  readonly limit: string;
  readonly wake: string;
  readonly progress: string;
}

/** The place of an attempt. The id becomes a path, so anything but an attempt id is a bug. */
export function attemptPlace(directory: string, attempt: AttemptId): AttemptPlace {
  assert(attemptKeyOf(attempt) !== undefined, `"${attempt}" is an attempt id`);
  const root = join(directory, "attempts", attempt);
  return {
    attempt,
    directory: root,
    tickets: join(root, "tickets"),
    claim: join(root, "claim"),
    stop: join(root, "stop"),
    killed: join(root, "killed"),
    result: join(root, "result.json"),
    outputs: join(root, "outputs"),
    collecting: join(root, "collecting"),
    cleared: join(directory, "cleared", attempt),
  };
}

export function launchPlace(place: AttemptPlace, token: string): LaunchPlace {
  const directory = join(place.directory, token);
  return {
    directory,
    work: join(directory, "work"),
    pid: join(directory, "pid"),
    exit: join(directory, "exit"),
    limit: join(directory, "limit"),
    wake: join(directory, "wake"),
    progress: join(directory, "job_progress.jsonl"),
  };
}

/** A name nobody else uses, for a file or directory that is being made. */
export function freshName(): string {
  return randomBytes(6).toString("hex");
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && codes.includes(code);
}

/** The text of a file, or undefined where there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Makes the file with its whole content, or changes nothing where it exists. Atomic. */
export async function createOnce(path: string, content: string): Promise<boolean> {
  const fresh = `${path}.${freshName()}`;
  await writeFile(fresh, content);
  try {
    await link(fresh, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Puts the content in place of whatever the file held; a reader sees the old or the new. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const fresh = `${path}.${freshName()}`;
  await writeFile(fresh, content);
  await rename(fresh, path);
}

/** Makes the directory and those above it; repeating is harmless. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
}
