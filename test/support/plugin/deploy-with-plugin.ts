import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import type { Closing } from "../opened.ts";
import { startFakeCloud, type Made } from "./fake-cloud.ts";
import { startFakeQueues, type MadeQueue } from "./fake-queues.ts";

const run = promisify(execFile);

/**
 * Where osls and the plugin are installed, or why they are not used: they have a lock file of their
 * own, because they are as large as everything else together and nothing here needs them but tests.
 */
export function pluginHome(): { readonly home: string } | { readonly reason: string } {
  const home = resolve(process.env["TEST_SERVERLESS_PLUGIN"] ?? "infra/serverless-plugin");
  if (existsSync(join(home, "node_modules/.bin/osls"))) return { home };
  return { reason: `no osls in ${home}: npm ci --prefix infra/serverless-plugin installs it` };
}

/** A finished command: what it said on both streams. */
export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** A service directory with a manifest and an artifact for each of its functions. */
export class Service {
  readonly #home: string;
  readonly #directory: string;
  readonly #accounts: readonly string[];
  readonly #variables: Readonly<Record<string, string>>;

  constructor(test: Closing, home: string, manifest: string) {
    this.#home = home;
    this.#directory = mkdtempSync(join(tmpdir(), "orrery-plugin-"));
    test.onTestFinished(() => {
      rmSync(this.#directory, { recursive: true, force: true });
    });
    writeFileSync(join(this.#directory, "serverless.yaml"), manifest);
    for (const path of artifactsOf(manifest)) {
      mkdirSync(join(this.#directory, dirname(path)), { recursive: true });
      writeFileSync(join(this.#directory, path), EMPTY_ZIP);
    }
    this.#accounts = [...new Set(manifest.match(/(?<=account: |Account: )[\w-]+/gi))];
    const names = [...new Set(manifest.match(/(?<=\$\{env:)\w+/g))];
    this.#variables = Object.fromEntries(names.map((name) => [name, `value-of-${name}`]));
  }

  /** Runs osls with the environment that the plugin asks for, and nothing else of ours. */
  async osls(args: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
    const command = join(this.#home, "node_modules/.bin/osls");
    const env = {
      ...{ PATH: process.env["PATH"] ?? "", HOME: this.#directory, NODE_NO_WARNINGS: "1" },
      ...{ SLS_TELEMETRY_DISABLED: "1", YC_IAM_TOKEN: "t", YC_CLOUD_ID: "c", YC_FOLDER_ID: "f" },
      ...{ AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" },
      ...{ ...this.#variables, ...environment },
    };
    try {
      const done = await run(command, args, { cwd: this.#directory, env });
      return { code: 0, output: done.stdout + done.stderr };
    } catch (error) {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, output: failed.stdout + failed.stderr };
    }
  }

  /** Deploys to a cloud of ours that is empty but for the accounts that the manifest names. */
  async deploy(test: Closing): Promise<Ran & Deployed> {
    const cloud = await startFakeCloud(test, this.#accounts);
    const queues = await startFakeQueues(test);
    const ca = join(this.#directory, "ca.pem");
    writeFileSync(ca, cloud.ca);
    const ran = await this.osls(["deploy"], {
      grpc_proxy: cloud.proxy,
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: ca,
      SQS_ENDPOINT: queues.url,
    });
    return { ...ran, ...cloud.made, queues: queues.made };
  }
}

/** What a deployment made. */
export interface Deployed extends Made {
  readonly queues: readonly MadeQueue[];
}

/** The end record of a ZIP archive with nothing in it. */
const EMPTY_ZIP = Buffer.concat([Buffer.from("PK\u0005\u0006"), Buffer.alloc(18)]);

function artifactsOf(manifest: string): readonly string[] {
  const { functions } = parse(manifest) as {
    readonly functions: Record<string, { readonly package?: { readonly artifact?: string } }>;
  };
  return Object.values(functions).flatMap((each) => each.package?.artifact ?? []);
}
