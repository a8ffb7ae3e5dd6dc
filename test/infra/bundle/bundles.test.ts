import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it, type TestContext } from "vitest";
import { BUDGETS, checkBudgets } from "../../../infra/bundle/budgets.ts";
import { buildFunctions, type BuiltFunction } from "../../../infra/bundle/build-functions.ts";
import { NOWHERE } from "../../../infra/bundle/code-cache.ts";
import { builtBundles, type Bundles, PROJECT, projectManifest } from "../../support/bundles.ts";
import { readZip } from "./read-zip.ts";

const run = promisify(execFile);

/** Building takes seconds, on a busy machine a minute. */
const LONG = { timeout: 300_000 };

let bundles: Bundles;
beforeAll(async () => {
  bundles = await builtBundles();
}, LONG.timeout);

const functionOf = (name: string): BuiltFunction => {
  const found = bundles.functions.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no bundle ${name}`);
  return found;
};

const inputs = (name: string): readonly string[] => functionOf(name).inputs.map(({ path }) => path);
const eager = (name: string): readonly string[] =>
  functionOf(name).inputs.flatMap(({ path, isEager }) => (isEager ? [path] : []));

async function aFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-test-"));
  test.onTestFinished(async () => await rm(folder, { recursive: true }));
  return folder;
}

/** Loads an entry point in a process of its own, and tells what it exports. */
async function load(
  entry: string,
  options: { readonly flags?: readonly string[] } = {},
): Promise<{ readonly codeCache: string; readonly names: readonly string[] }> {
  const script = `
    const loaded = require(process.argv[1]);
    Promise.resolve(loaded.open?.()).then(() => {
      const { codeCache } = loaded;
      process.stdout.write(JSON.stringify({ codeCache, names: Object.keys(loaded) }));
      process.exit(0);
    });`;
  const { stdout } = await run(process.execPath, [...(options.flags ?? []), "-e", script, entry], {
    cwd: tmpdir(),
    env: NOWHERE,
  });
  return JSON.parse(stdout) as { codeCache: string; names: string[] };
}

describe("the built functions", () => {
  it("are those of serverless.yaml, each where its handler says", async () => {
    expect(bundles.functions.map(({ name, handler }) => ({ name, handler }))).toEqual(
      projectManifest().functions.map(({ name, handler }) => ({ name, handler })),
    );
    for (const { name, archive } of bundles.functions) {
      const folder = join(bundles.folder, name);
      const files = await readZip(await readFile(join(bundles.folder, archive)));
      const names = (await readdir(folder)).toSorted();
      expect(files.map(({ path }) => path).toSorted()).toEqual(
        names.map((file) => `functions/${name}/${file}`),
      );
      for (const { path, bytes } of files) {
        expect(bytes.equals(await readFile(join(folder, path.split("/").at(-1) ?? "")))).toBe(true);
      }
    }
  });

  it("are within their budgets", () => {
    expect(() => checkBudgets(bundles.functions)).not.toThrow();
  });

  it("have the tick as the smallest of those that have a store, at the start", () => {
    const withStore = bundles.functions.filter(({ name }) => name !== "authorizer");

    const sorted = withStore.toSorted((a, b) => a.sizes.eager - b.sizes.eager);
    expect(sorted[0]?.name).toBe("tick");
  });

  it("hold nothing that their functions do not need", () => {
    const S3 = /@aws-sdk\/client-s3/;
    const DATASPHERE = /@yandex-cloud\/nodejs-sdk/;
    const SCHEMAS = /node_modules\/zod|shared\/config\//;
    const nothing: readonly string[] = [];
    const held = (name: string, what: RegExp): readonly string[] =>
      inputs(name).filter((path) => what.test(path));

    expect(held("tick", S3)).toEqual(nothing);
    expect(held("tick", DATASPHERE)).toEqual(nothing);
    expect(held("tick", SCHEMAS)).toEqual(nothing);
    for (const name of ["intake", "notify"]) {
      expect(held(name, S3)).toEqual(nothing);
      expect(held(name, DATASPHERE)).toEqual(nothing);
      expect(held(name, /shared\/config\/|cron-parser|shared\/api\//)).toEqual(nothing);
    }
    for (const name of ["submit", "watch"]) expect(held(name, /shared\/api\//)).toEqual(nothing);
    expect(held("authorizer", /node_modules/)).toEqual(nothing);
  });

  it("load late what many calls never need", () => {
    const LATE =
      /@opentelemetry|undici|@aws-sdk|@smithy|@yandex-cloud|shared\/gen\/descriptions|shared\/adapters\/(?:ymq|object-storage)/;

    for (const { name } of bundles.functions) {
      expect(eager(name).filter((path) => LATE.test(path))).toEqual([]);
    }
  });

  it("are the same bytes when they are built again elsewhere", LONG, async (test) => {
    const out = await aFolder(test);
    const functions = projectManifest().functions.filter(({ name }) =>
      ["tick", "authorizer"].includes(name),
    );

    const again = await buildFunctions({ project: PROJECT, out, functions });

    expect(again.map(({ name, sha256 }) => ({ name, sha256 }))).toEqual(
      functions.map(({ name }) => ({ name, sha256: functionOf(name).sha256 })),
    );
  });
});

describe("a budget", () => {
  it.each([
    ["the bundle", { bundle: 2_001 * 1_024 }, "the bundle of tick has 2001 KiB of 2000"],
    ["its eager part", { eager: 1_024_001 }, "the eager part of tick has 1001 KiB of 1000"],
    ["the archive", { archive: 4_000 * 1_024 }, "the archive of tick has 4000 KiB of 3500"],
  ])("fails the build where %s outgrows it", (_what, sizes, problem) => {
    const tick = functionOf("tick");
    const grown = {
      ...tick,
      sizes: { bundle: 1, eager: 1, gzip: 1, codeCache: 1, archive: 1, ...sizes },
    };

    expect(() => checkBudgets([grown])).toThrow(problem);
  });

  it("is there for every function", () => {
    expect(Object.keys(BUDGETS).toSorted()).toEqual(
      projectManifest()
        .functions.map(({ name }) => name)
        .toSorted(),
    );
    expect(() => checkBudgets([{ ...functionOf("tick"), name: "another" }])).toThrow("no budget");
  });
});

describe("the code cache", LONG, () => {
  it("is used by the Node that made it", async () => {
    expect(await load(join(bundles.folder, "tick", "index.js"))).toMatchObject({
      codeCache: "used",
      names: expect.arrayContaining(["handler", "open"]) as string[],
    });
  });

  it("is passed over where V8 refuses it, and where another Node finds it", async (test) => {
    const folder = await aFolder(test);
    await cp(join(bundles.folder, "tick"), folder, {
      recursive: true,
      filter: (source) => !source.endsWith(".cache"),
    });
    const names = expect.arrayContaining(["handler", "open"]) as string[];

    const flags = ["--max-old-space-size=100"];
    expect(await load(join(bundles.folder, "tick", "index.js"), { flags })).toEqual({
      codeCache: "refused",
      names,
    });
    expect(await load(join(folder, "index.js"))).toEqual({ codeCache: "absent", names });
  });
});
