import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CLI = "cli/orrery.ts";

/** A busy machine starts a process in seconds; what takes longer than this does not come any more. */
const PATIENCE_MS = 30_000;

export interface ProcessOptions {
  readonly args: readonly string[];
  /** The program, from the repository's root; `orrery` unless given. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A platform that runs as a process of its own, and everything it prints. */
export class PlatformProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  /** Resolves once the process has ended and all its output is here. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;

  constructor({ args, program = CLI, environment = {} }: ProcessOptions) {
    this.#child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", program, ...args],
      { cwd: ROOT, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#lines.push(stripVTControlCharacters(line));
        for (const look of this.#waiting) look();
      });
    }
    this.ended = once(this.#child, "close").then(() => {
      for (const look of this.#waiting) look();
      return { code: this.#child.exitCode, signal: this.#child.signalCode };
    });
  }

  /** For who looks at the process from outside. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything printed so far, on both streams. */
  get output(): string {
    return this.#lines.join("\n");
  }

  /** The first line that matches, as soon as there is one. */
  async line(pattern: RegExp): Promise<string> {
    return await this.lines(pattern, 1).then(([line = ""]) => line);
  }

  /** The first `count` lines that match, as soon as there are so many. */
  async lines(pattern: RegExp, count: number): Promise<readonly string[]> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#lines.filter((line) => pattern.test(line));
        if (found.length >= count) finish(() => resolve(found.slice(0, count)));
        else if (this.#hasEnded()) finish(() => reject(this.#missing(pattern, "it has ended")));
      };
      const patience = setTimeout(() => {
        finish(() => reject(this.#missing(pattern, `${PATIENCE_MS} ms have passed`)));
      }, PATIENCE_MS);
      const finish = (end: () => void): void => {
        clearTimeout(patience);
        this.#waiting.delete(look);
        end();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Where it listens, once it does. */
  async address(): Promise<string> {
    return (await this.line(/Orrery listens on/)).split(" ")[3] ?? "";
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Kills it as a crash would; resolves once it is gone. */
  async crash(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }

  #hasEnded(): boolean {
    // What it printed last may arrive after its exit, so only closed streams count.
    const { stdout, stderr } = this.#child;
    return (stdout?.readableEnded ?? true) && (stderr?.readableEnded ?? true);
  }

  #missing(pattern: RegExp, why: string): Error {
    return new Error(`No line matches ${pattern.source}, and ${why}. It printed:\n${this.output}`);
  }
}
