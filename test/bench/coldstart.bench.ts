import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { buildFunctions } from "../../infra/bundle/build-functions.ts";
import { NOWHERE } from "../../infra/bundle/code-cache.ts";
import { readManifest } from "../../infra/local/manifest.ts";

const run = promisify(execFile);

const USAGE = `npm run bench -- coldstart [options]
  --rounds N     how often each is started, 11 unless given
  --function N   only this function; may be given again
  --json         the figures as JSON, after the table
`;

/** What a function would import that took its SDKs as they come. */
const DATASPHERE = [
  "@yandex-cloud/nodejs-sdk",
  "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service",
  "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service",
];
const NAIVE: Readonly<Record<string, readonly string[]>> = {
  tick: ["ydb-sdk", "@aws-sdk/client-sqs", "zod"],
  intake: ["ydb-sdk", "@aws-sdk/client-sqs", "zod"],
  submit: ["ydb-sdk", "@aws-sdk/client-sqs", "@aws-sdk/client-s3", ...DATASPHERE, "zod"],
  watch: ["ydb-sdk", "@aws-sdk/client-sqs", "@aws-sdk/client-s3", ...DATASPHERE, "zod"],
  notify: ["ydb-sdk", "@aws-sdk/client-sqs", "undici", "zod"],
  apply: ["ydb-sdk", "@aws-sdk/client-s3", ...DATASPHERE, "yaml", "zod"],
  api: ["ydb-sdk", "@aws-sdk/client-sqs", "@aws-sdk/client-s3", ...DATASPHERE, "zod"],
};

/** Milliseconds from the start of a script, in one process. */
interface Started {
  /** The SDKs are imported; nothing of ours is. */
  readonly naive: number;
  /** The bundle's handler is exported. */
  readonly exported: number;
  /** Its parts are open: what the first call does before it reaches the handler. */
  readonly ready: number;
  /** The code of every part is loaded, which calls do as they come to need it. */
  readonly everything: number;
  /** The same two without a code cache, as on another Node. */
  readonly exportedUncached: number;
  readonly readyUncached: number;
}

const KEYS = [
  "naive",
  "exported",
  "ready",
  "everything",
  "exportedUncached",
  "readyUncached",
] as const satisfies readonly (keyof Started)[];

const IMPORT_ALL = `
const startedMs = performance.now();
for (const name of process.argv.slice(1)) await import(name);
process.stdout.write(JSON.stringify({ naive: performance.now() - startedMs }));
process.exit(0);
`;

const LOAD_BUNDLE = `
const startedMs = performance.now();
const passed = () => performance.now() - startedMs;
const loaded = require(process.argv[1]);
const exported = passed();
Promise.resolve(loaded.open?.()).then(async () => {
  const ready = passed();
  await loaded.load?.();
  const everything = passed();
  process.stdout.write(JSON.stringify({ exported, ready, everything, codeCache: loaded.codeCache }));
  process.exit(0);
});
`;

/**
 * Prints how long a function takes to start, beside importing the same SDKs without a bundle: fresh
 * processes, one after the other and taken in turns, so that what else the machine does meets all.
 */
export async function bench(options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: {
      rounds: { type: "string" },
      function: { type: "string", multiple: true },
      json: { type: "boolean" },
    },
  });
  const rounds = Number(values.rounds ?? 11);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(USAGE);
  const project = resolve(import.meta.dirname, "../..");
  const { functions } = readManifest(readFileSync(join(project, "serverless.yaml"), "utf8"));
  const wanted = functions.filter(
    ({ name }) => Object.hasOwn(NAIVE, name) && (values.function?.includes(name) ?? true),
  );
  const folder = await mkdtemp(join(tmpdir(), "orrery-bench-"));
  try {
    await buildFunctions({ project, out: folder, functions: wanted });
    for (const { name } of wanted) await withoutCache(join(folder, name));
    const measured = await measureAll(
      wanted.map(({ name }) => name),
      { folder, project, rounds },
    );
    print(measured, rounds);
    if (values.json === true) process.stdout.write(`${JSON.stringify(measured, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A copy of a built function as another Node finds it. */
async function withoutCache(folder: string): Promise<void> {
  await cp(folder, `${folder}-uncached`, {
    recursive: true,
    filter: (source) => !source.endsWith(".cache"),
  });
}

interface Place {
  readonly folder: string;
  readonly project: string;
  readonly rounds: number;
}

async function measureAll(
  names: readonly string[],
  { folder, project, rounds }: Place,
): Promise<Readonly<Record<string, Started>>> {
  const samples = new Map<string, number[]>();
  const note = (name: string, key: string, ms: number): void => {
    const kept = samples.get(`${name} ${key}`) ?? [];
    samples.set(`${name} ${key}`, [...kept, ms]);
  };
  // The first round fills the system's file cache, which is nobody's to measure.
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const naive = await timesOf(
        ["--input-type=module", "-e", IMPORT_ALL, ...(NAIVE[name] ?? [])],
        project,
      );
      const bundle = join(folder, name);
      const cached = await timesOf(["-e", LOAD_BUNDLE, join(bundle, "index.js")], bundle);
      const plain = await timesOf(
        ["-e", LOAD_BUNDLE, join(`${bundle}-uncached`, "index.js")],
        bundle,
      );
      if (round === 0) continue;
      note(name, "naive", naive["naive"] ?? NaN);
      for (const key of ["exported", "ready", "everything"]) note(name, key, cached[key] ?? NaN);
      note(name, "exportedUncached", plain["exported"] ?? NaN);
      note(name, "readyUncached", plain["ready"] ?? NaN);
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(
        KEYS.map((key) => [key, median(samples.get(`${name} ${key}`) ?? [])]),
      ) as unknown as Started,
    ]),
  );
}

async function timesOf(
  args: readonly string[],
  cwd: string,
): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await run(process.execPath, args, { cwd, env: { PATH: "", ...NOWHERE } });
  return JSON.parse(stdout) as Record<string, number>;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

const HEADS = {
  naive: "SDKs imported",
  exported: "handler exported",
  ready: "parts open",
  everything: "all loaded",
  exportedUncached: "exported, no cache",
  readyUncached: "parts open, no cache",
} as const satisfies Record<keyof Started, string>;

function print(measured: Readonly<Record<string, Started>>, rounds: number): void {
  const cell = (ms: number, naive: number): string =>
    `${ms.toFixed(0)} ms (${(ms / naive).toFixed(2)})`;
  const rows = Object.entries(measured).map(([name, started]) => [
    name,
    `${started.naive.toFixed(0)} ms`,
    ...KEYS.slice(1).map((key) => cell(started[key], started.naive)),
  ]);
  const head = ["function", ...KEYS.map((key) => HEADS[key])];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    process.stdout.write(
      `${row
        .map((each, column) => each.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
  process.stdout.write(
    `\nMedians of ${rounds} fresh processes each, taken in turns; in parentheses the share of what ` +
      `importing the SDKs takes. Node ${process.versions.node}, ${availableParallelism()} cores.\n`,
  );
}
