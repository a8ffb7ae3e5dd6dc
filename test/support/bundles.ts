import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inject } from "vitest";
import { buildFunctions, type BuiltFunction } from "../../infra/bundle/build-functions.ts";
import { readManifest, type Manifest } from "../../infra/local/manifest.ts";

export const PROJECT = resolve(import.meta.dirname, "../..");

/** What is built, and where. */
export interface Bundles {
  readonly folder: string;
  readonly functions: readonly BuiltFunction[];
}

/** A build takes seconds; what takes longer than this does not come any more. */
const PATIENCE_MS = 240_000;

export function projectManifest(): Manifest {
  return readManifest(readFileSync(join(PROJECT, "serverless.yaml"), "utf8"));
}

/**
 * The functions of the sources as they are, built once in a run: by the first worker that asks,
 * while the others wait.
 */
export async function builtBundles(): Promise<Bundles> {
  const shared = inject("bundlesFolder");
  const folder = join(shared, "functions");
  const report = join(shared, "report.json");
  if (await isFirst(join(shared, "building"))) {
    const { functions } = projectManifest();
    try {
      const built = await buildFunctions({ project: PROJECT, out: folder, functions });
      await writeFile(`${report}.new`, JSON.stringify({ built }));
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await writeFile(`${report}.new`, JSON.stringify({ error: text }));
    }
    await rename(`${report}.new`, report);
  }
  const { built, error } = await whenThere(report);
  if (built === undefined)
    throw new Error(`The bundles could not be built: ${error ?? "no report"}`);
  return { folder, functions: built };
}

async function isFirst(marker: string): Promise<boolean> {
  return await mkdir(marker).then(
    () => true,
    () => false,
  );
}

interface Report {
  readonly built?: readonly BuiltFunction[];
  readonly error?: string;
}

async function whenThere(file: string): Promise<Report> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return JSON.parse(await readFile(file, "utf8")) as Report;
    } catch {
      if (performance.now() > giveUpMs) throw new Error(`No ${file} within ${PATIENCE_MS} ms`);
      await pause(50);
    }
  }
}
