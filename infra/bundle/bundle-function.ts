import { build, type Metafile, type OutputFile } from "esbuild";
import { assert } from "../../shared/core/assert.ts";
import { BUNDLE_FILE } from "./loader.ts";
import { narrowPackages } from "./narrow-packages.ts";

/** A function's code in one file, and its source map. */
export interface Bundle {
  readonly text: Uint8Array;
  readonly map: Uint8Array;
  /** What it is made of, the largest first. */
  readonly inputs: readonly BundleInput[];
}

export interface BundleInput {
  /** Relative to the project. */
  readonly path: string;
  /** What it takes in the bundle. */
  readonly bytes: number;
  /** Whether it runs while the bundle loads; the rest waits behind an `import()`. */
  readonly isEager: boolean;
}

/**
 * Bundles a function: its composition for the cloud, and what that reaches. Whatever is behind an
 * `import()` stays in the file and runs when it is first asked for. Rejects where an import leads
 * nowhere: in the cloud there is nothing beside the bundle.
 */
export async function bundleFunction(name: string, project: string): Promise<Bundle> {
  const entry = `functions/cloud/${name}.ts`;
  const { outputFiles, metafile } = await build({
    absWorkingDir: project,
    entryPoints: [entry],
    outfile: BUNDLE_FILE,
    plugins: [narrowPackages],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node22",
    // Packages that come in both forms: of the newer one, what nobody uses can be left out.
    mainFields: ["module", "main"],
    // One file: what `import()` loads is in it too, and Node's own modules come by `require`.
    supported: { "dynamic-import": false },
    // Names stay, so that a stack can be read without its source map too.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    logLevel: "silent",
  });
  return {
    text: fileOf(outputFiles, ".js").contents,
    map: namedFromProject(fileOf(outputFiles, ".map").text),
    inputs: inputsOf(metafile, entry),
  };
}

function fileOf(files: readonly OutputFile[], end: string): OutputFile {
  const file = files.find(({ path }) => path.endsWith(end));
  assert(file !== undefined, `esbuild made a file that ends in ${end}`);
  return file;
}

/** The sources by their paths in the project, wherever that is and wherever the bundle goes. */
function namedFromProject(map: string): Uint8Array {
  const parsed = JSON.parse(map) as { readonly sources: readonly string[] };
  const sources = parsed.sources.map((source) => source.replace(/^(?:\.\.\/)+/, ""));
  return Buffer.from(JSON.stringify({ ...parsed, file: BUNDLE_FILE, sources }));
}

function inputsOf({ inputs, outputs }: Metafile, entry: string): readonly BundleInput[] {
  const taken = outputs[BUNDLE_FILE]?.inputs ?? {};
  const eager = reachedEagerly(inputs, entry);
  return Object.entries(taken)
    .map(([path, { bytesInOutput: bytes }]) => ({ path, bytes, isEager: eager.has(path) }))
    .toSorted((a, b) => b.bytes - a.bytes);
}

function reachedEagerly(inputs: Metafile["inputs"], entry: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { path: next, kind } of inputs[path]?.imports ?? []) {
      if (kind !== "dynamic-import") waiting.push(next);
    }
  }
  return reached;
}
