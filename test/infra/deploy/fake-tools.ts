import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { vi } from "vitest";
import type { Closing } from "../../support/opened.ts";

/** What stands in for the programs that would reach the cloud, and what they were asked. */
export interface FakeTools {
  /** A package that has its functions built. */
  readonly root: string;
  /** Every call, a line each. */
  readonly calls: () => Promise<readonly string[]>;
  /** What Terraform's plan comes to: 0 nothing to change, 1 it fails, 2 changes. */
  readonly planEnds: (code: 0 | 1 | 2) => Promise<void>;
  /** The triggers that the cloud has. */
  readonly triggersAre: (triggers: readonly object[]) => Promise<void>;
}

/**
 * Puts a `terraform` and a `yc` before all others on the path. They do what the real ones would say
 * they did, and refuse every call that the real ones would not understand.
 */
export async function fakeTools(test: Closing, outputs: object): Promise<FakeTools> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-tools-"));
  test.onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
  const root = join(folder, "package");
  await mkdir(join(root, "dist/functions"), { recursive: true });
  await writeFile(join(folder, "plan-code"), "2");
  await writeFile(join(folder, "outputs.json"), JSON.stringify(outputs));
  await program(folder, "terraform", TERRAFORM);
  await program(folder, "yc", YC);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
  vi.stubEnv("FAKE_TOOLS", folder);
  return {
    root,
    calls: async () => {
      const text = await readFile(join(folder, "calls"), "utf8").catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },
    triggersAre: async (triggers) =>
      await writeFile(join(folder, "triggers.json"), JSON.stringify(triggers)),
    planEnds: async (code) => await writeFile(join(folder, "plan-code"), String(code)),
  };
}

async function program(folder: string, name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), script);
  await chmod(join(folder, name), 0o755);
}

const HEAD = `#!/bin/sh
set -eu
cd "$FAKE_TOOLS"
wrong() { echo "$0 does not understand: $*" >&2; exit 64; }
`;

const TERRAFORM = `${HEAD}
case "$1" in -chdir=*) shift ;; *) wrong "$@" ;; esac
printf 'terraform %s\\n' "$1" >> calls
case "$*" in
  "init -input=false") ;;
  "plan -input=false -detailed-exitcode -out="*) for each in "$@"; do :; done
    code=$(cat plan-code)
    [ "$code" = 1 ] || echo planned > "\${each#-out=}"
    exit "$code" ;;
  "apply -input=false /"*) grep -q planned "$3" ;;
  "output -json") cat outputs.json ;;
  *) wrong "$@" ;;
esac
`;

const YC = `${HEAD}
printf 'yc %s %s\\n' "$1" "$2" >> calls
case "$*" in
  "iam create-token") echo t1.a-token-of-yc ;;
  "serverless trigger list --format json") cat triggers.json ;;
  "lockbox payload get --id a-secret --key token") echo the-api-token ;;
  *) wrong "$@" ;;
esac
`;
