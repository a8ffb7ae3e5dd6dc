import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { OrreryError } from "../../shared/core/errors.ts";

/** A program beside us, and how it is called. */
export interface ExternalCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory?: string;
  /** Laid over this process's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it is to be had, for whoever lacks it. */
  readonly from: string;
}

/** Runs a program whose output people read as it comes; resolves to its exit code. */
export async function runShown(command: ExternalCommand): Promise<number> {
  return (await run(command, "inherit")).code;
}

/** Runs a program for its output. Throws where it fails: what it printed to stderr is shown as it comes. */
export async function runFor(command: ExternalCommand): Promise<string> {
  const { code, output } = await run(command, "pipe");
  if (code === 0) return output;
  throw failed(command, `ended with exit code ${code}`);
}

export function failed({ program, args }: ExternalCommand, why: string): OrreryError {
  const shown = [program, ...args.filter((each) => !each.startsWith("-"))].slice(0, 4).join(" ");
  return new OrreryError("DEPLOY_FAILED", `\`${shown}\` ${why}: what it printed says more`);
}

async function run(
  command: ExternalCommand,
  stdout: "inherit" | "pipe",
): Promise<{ readonly code: number; readonly output: string }> {
  const { program, args, directory, environment = {}, from } = command;
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ["inherit", stdout, "inherit"],
  });
  const ended = once(child, "close") as Promise<[number | null]>;
  try {
    const output = child.stdout === null ? Promise.resolve("") : text(child.stdout);
    const [[code], printed] = await Promise.all([ended, output]);
    return { code: code ?? 1, output: printed };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new OrreryError("DEPLOY_FAILED", `${program} is not installed: get it from ${from}`, {
      cause: error,
    });
  }
}
