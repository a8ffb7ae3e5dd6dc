import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { FunctionManifest } from "../local/manifest.ts";
import { bundleFunction, type BundleInput } from "./bundle-function.ts";
import { makeCodeCache } from "./code-cache.ts";
import { BUNDLE_FILE, LOADER, MAP_FILE } from "./loader.ts";
import { zip } from "./zip.ts";

export interface BuildOptions {
  /** The project's own folder. */
  readonly project: string;
  /** Where the functions go; a folder and an archive each. */
  readonly out: string;
  readonly functions: readonly FunctionManifest[];
  /** The Node whose code caches are made; this one unless given. */
  readonly node?: string | undefined;
}

/** A function as it is deployed. */
export interface BuiltFunction {
  readonly name: string;
  /** `functions/tick/index.handler`: where the entry point is in the archive. */
  readonly handler: string;
  readonly archive: string;
  /** Of the archive's bytes; a version of the function is new where this is. */
  readonly sha256: string;
  /** In bytes. */
  readonly sizes: {
    readonly bundle: number;
    /** Of the bundle, what runs before the handler is there. */
    readonly eager: number;
    readonly gzip: number;
    readonly codeCache: number;
    readonly archive: number;
  };
  readonly inputs: readonly BundleInput[];
}

/**
 * Builds every function: a folder as it is unpacked in the cloud, and its archive. The same sources,
 * packages and Node give the same bytes.
 */
export async function buildFunctions(options: BuildOptions): Promise<readonly BuiltFunction[]> {
  await rm(options.out, { recursive: true, force: true });
  return await Promise.all(
    options.functions.map(async (each) => await buildFunction(each, options)),
  );
}

async function buildFunction(
  { name, handler }: FunctionManifest,
  { project, out, node }: BuildOptions,
): Promise<BuiltFunction> {
  const { text, map, inputs } = await bundleFunction(name, project);
  const folder = join(out, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, BUNDLE_FILE), text);
  const cache = await makeCodeCache(join(folder, BUNDLE_FILE), node);
  const files = [
    { path: "index.js", bytes: Buffer.from(LOADER) },
    { path: BUNDLE_FILE, bytes: text },
    { path: MAP_FILE, bytes: map },
    { path: cache.file, bytes: cache.bytes },
  ];
  // In the archive they lie where the manifest's handler says.
  const prefix = handler.slice(0, handler.lastIndexOf("/") + 1);
  const archive = zip(files.map((file) => ({ ...file, path: `${prefix}${file.path}` })));
  for (const file of files) await writeFile(join(folder, file.path), file.bytes);
  await writeFile(`${folder}.zip`, archive);
  return {
    ...{ name, handler, inputs },
    archive: `${name}.zip`,
    sha256: createHash("sha256").update(archive).digest("hex"),
    sizes: {
      bundle: text.length,
      eager: inputs.reduce((sum, { bytes, isEager }) => sum + (isEager ? bytes : 0), 0),
      gzip: gzipSync(text).length,
      codeCache: cache.bytes.length,
      archive: archive.length,
    },
  };
}
