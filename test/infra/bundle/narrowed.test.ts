import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { narrowPackages } from "../../../infra/bundle/narrow-packages.ts";
import { NARROWED } from "../../../infra/bundle/narrowed.ts";
import { parseCronField, type CronFieldKey } from "../../../shared/core/schedule/cron-field.ts";
import { builtBundles, PROJECT } from "../../support/bundles.ts";

/** What matches in the sources that bundles are made of, each once. */
async function found(files: RegExp, pattern: RegExp): Promise<readonly string[]> {
  const { functions } = await builtBundles();
  const paths = new Set(functions.flatMap(({ inputs }) => inputs.map(({ path }) => path)));
  const texts = [...paths]
    .filter((path) => files.test(path))
    .map((path) => readFileSync(join(PROJECT, path), "utf8"));
  const names = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = ""]) => name));
  return [...new Set(names)].toSorted();
}

/** What a narrowed package still exports. */
function kept(what: string): readonly string[] {
  const contents = NARROWED.find((each) => each.what === what)?.contents() ?? "";
  const names = [...contents.matchAll(/exports\.(\w+) =/g)].map(([, name = ""]) => name);
  return [...new Set(names)].toSorted();
}

const LONG = { timeout: 300_000 };

describe("what is left out of bundles is not what they use", LONG, () => {
  it("of ydb-sdk", async () => {
    const used = await found(/^shared\/adapters\/ydb\//, /\bsdk\.([A-Z]\w*)/g);

    expect(used).toEqual(kept("ydb-sdk"));
  });

  it("of lodash, in what is there of ydb-sdk", async () => {
    const used = await found(/node_modules\/ydb-sdk\//, /lodash_1\.default\.(\w+)/g);

    expect(used).toEqual(kept("lodash"));
  });

  it("of luxon, in what is there of ydb-sdk", async () => {
    const used = await found(/node_modules\/ydb-sdk\//, /luxon_1\.(\w+(?:\.\w+)*)/g);

    expect(used).toEqual(["DateTime.utc"]);
  });

  it("of undici", async () => {
    const imports = await found(/^shared\//, /import \{([^}]+)\} from "undici"/g);
    const used = imports.flatMap((names) =>
      names.split(",").filter((name) => !name.includes("type ")),
    );

    expect(kept("undici")).toEqual(expect.arrayContaining(used.map((name) => name.trim())));
  });

  it("of what ydb-sdk loads by name", async () => {
    const { functions } = await builtBundles();
    const paths = functions.flatMap(({ inputs }) => inputs.map(({ path }) => path));

    expect(
      paths.filter((path) =>
        /node_modules\/(?:jsonwebtoken|reflect-metadata|luxon)|topic-reader/.test(path),
      ),
    ).toEqual([]);
  });
});

describe("what stands in place of a package does the same", LONG, () => {
  it("of cron-parser: every field has the same values", async () => {
    const { outputFiles } = await build({
      absWorkingDir: PROJECT,
      entryPoints: ["shared/core/schedule/cron-field.ts"],
      plugins: [narrowPackages],
      ...{ bundle: true, write: false, platform: "node", format: "cjs" },
    });
    const module = { exports: {} as { parseCronField: typeof parseCronField } };
    const text = outputFiles[0]?.text ?? "";
    const run = runInThisContext(`(module) => {${text}}`) as (made: typeof module) => void;
    run(module);
    const texts: Readonly<Record<CronFieldKey, readonly string[]>> = {
      second: ["*", "5/15", "1-9/2", "0,59", "60"],
      minute: ["*/7", "10-20", "3"],
      hour: ["9-17/2", "0", "24"],
      dayOfMonth: ["*", "L", "15W", "28-31", "1-31/30"],
      month: ["jan-mar", "2", "*/5", "feb"],
      dayOfWeek: ["mon-fri", "5L", "mon#2", "0,7", "sat-7"],
    };

    for (const [key, each] of Object.entries(texts)) {
      for (const text of each) {
        const field = key as CronFieldKey;
        expect(module.exports.parseCronField(field, text), `${key} ${text}`).toEqual(
          parseCronField(field, text),
        );
      }
    }
  });
});
