import { execFile } from "node:child_process";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Closing } from "../opened.ts";

const run = promisify(execFile);

/** Why tests that need Terraform are left out, where they are. */
export const terraformMissing: string | undefined = (() => {
  const { status, error } = spawnSync("terraform", ["version"], { stdio: "ignore" });
  if (status === 0) return undefined;
  return `terraform cannot be run here: ${error?.message ?? `it ended with ${String(status)}`}`;
})();

/** A finished command of Terraform. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

/**
 * A private copy of a folder of the repository, at the same place under a root of its own, with the
 * manifest and the list of alarms where Terraform looks for them.
 */
export class Workspace {
  readonly #root: string;
  readonly #directory: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(test: Closing, folder: string, environment: Readonly<Record<string, string>> = {}) {
    this.#root = mkdtempSync(join(tmpdir(), "orrery-terraform-"));
    test.onTestFinished(() => {
      rmSync(this.#root, { recursive: true, force: true });
    });
    this.#directory = join(this.#root, folder);
    cpSync(folder, this.#directory, {
      recursive: true,
      filter: (from) => !/\.terraform|tfstate|\.tfvars$/.test(from),
    });
    for (const read of ["serverless.yaml", "infra/observability"]) {
      cpSync(read, join(this.#root, read), { recursive: true });
    }
    this.#environment = environment;
  }

  /** Writes a file beside the configuration, or replaces one; the path may lead out of it. */
  write(path: string, content: string | Uint8Array): void {
    const file = join(this.#directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  async terraform(...args: readonly string[]): Promise<Ran> {
    const env = {
      ...{ PATH: process.env["PATH"] ?? "", HOME: this.#root, CHECKPOINT_DISABLE: "1" },
      ...{ TF_IN_AUTOMATION: "1", TF_CLI_ARGS: "-no-color", ...this.#environment },
    };
    const options = { cwd: this.#directory, env, maxBuffer: 64 * 1024 * 1024 };
    try {
      const { stdout, stderr } = await run("terraform", args, options);
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, output: failed.stdout + failed.stderr };
    }
  }

  /** What a command prints as JSON; it must succeed. */
  async json(...args: readonly string[]): Promise<unknown> {
    const { code, output } = await this.terraform(...args);
    if (code !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${code}: ${output}`);
    return JSON.parse(output);
  }
}
