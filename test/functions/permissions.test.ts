import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { OrreryError } from "../../shared/core/errors.ts";

interface Said {
  readonly functions: Readonly<
    Record<string, { readonly environment?: Readonly<Record<string, string>> }>
  >;
  readonly custom: {
    readonly functions: Readonly<
      Record<string, { readonly roles: Readonly<Record<string, readonly string[]>> }>
    >;
  };
}

const { functions, custom } = parse(readFileSync("serverless.yaml", "utf8")) as Said;
const names = Object.keys(functions);

interface HandlerModule {
  readonly needs?: readonly string[];
}

/** What a handler cannot have without a role on something. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  store: ["database"],
  queue: ["folder"],
  files: ["bucket"],
  configuration: ["bucket"],
  // It reads the files of jobs as well.
  executor: ["datasphere", "bucket"],
  provider: ["datasphere"],
};

describe("the account of each function of serverless.yaml", () => {
  it.each(names)("has roles on what its handler needs, and on nothing else: %s", async (name) => {
    const { needs = [] } = (await import(`../../functions/${name}/index.ts`)) as HandlerModule;
    const scopes = new Set(needs.flatMap((each) => NEEDED[each] ?? []));

    const roles = custom.functions[name]?.roles ?? {};

    expect(Object.keys(roles).toSorted()).toEqual([...scopes].toSorted());
  });
});

interface CloudModule {
  /** A bundle that stands on nothing has none. */
  readonly open?: () => Promise<void>;
}

describe("the environment of each function of serverless.yaml", () => {
  it.each(names)("is what its bundle cannot do without: %s", async (name) => {
    // A bundle says everything that it misses at once.
    const module = `../../functions/cloud/${name}.ts`;
    expect(existsSync(new URL(module, import.meta.url)), module).toBe(true);
    const { open = async () => await Promise.resolve() } = (await import(module)) as CloudModule;
    const missed = await open().then(
      () => "",
      (error: unknown) => (error as OrreryError).message,
    );

    const missing = [...missed.matchAll(/\b([A-Z][A-Z0-9_]+) is missing/g)].map(([, each]) => each);
    expect(missing.toSorted()).toEqual(Object.keys(functions[name]?.environment ?? {}).toSorted());
  });
});
