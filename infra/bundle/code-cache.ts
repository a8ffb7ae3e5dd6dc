import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BUNDLE_FILE, cacheFile, MODULE_HEAD, MODULE_TAIL } from "./loader.ts";

const run = promisify(execFile);

/** What V8 made of a bundle, and which Node may use it. */
export interface CodeCache {
  readonly file: string;
  readonly bytes: Buffer;
}

/**
 * An environment in which a function opens: nothing connects while it does. No address here leads
 * anywhere.
 */
export const NOWHERE: Readonly<Record<string, string>> = {
  ORRERY_STORE: "grpc://127.0.0.1:1/?database=/nowhere",
  ORRERY_QUEUE_INTAKE: "http://127.0.0.1:1/intake",
  ORRERY_QUEUE_SUBMIT: "http://127.0.0.1:1/submit",
  ORRERY_QUEUE_WATCH: "http://127.0.0.1:1/watch",
  ORRERY_QUEUE_NOTIFY: "http://127.0.0.1:1/notify",
  ORRERY_BUCKET: "nowhere",
  ORRERY_API_TOKEN: "nobody",
  AWS_ACCESS_KEY_ID: "nobody",
  AWS_SECRET_ACCESS_KEY: "nobody",
};

/** Loads the bundle as the loader does, opens it, and writes down what V8 has compiled by then. */
const MAKER = `
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const [, filename, target] = process.argv;
const text = ${JSON.stringify(MODULE_HEAD)} + readFileSync(filename, "latin1") + ${JSON.stringify(MODULE_TAIL)};
// V8 writes the name down: where the bundle was built must not be told from its cache.
const script = new Script(text, { filename: "${BUNDLE_FILE}", lineOffset: -1 });
const made = { exports: {} };
script.runInThisContext()(made.exports, require, made, "${BUNDLE_FILE}", ".");
Promise.resolve(made.exports.open?.()).then(() => {
  writeFileSync(target, script.createCachedData());
  process.stdout.write(JSON.stringify({ version: process.version, arch: process.arch }));
  process.exit(0);
});
`;

/**
 * Makes a bundle's code cache with the Node that is to use it. The same bundle and Node give the
 * same bytes: `--predictable` takes threads and chance out of V8, and V8 does not count it among the
 * flags that a cache must agree with.
 */
export async function makeCodeCache(bundle: string, node = process.execPath): Promise<CodeCache> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-cache-"));
  try {
    const target = join(folder, "cache");
    const { stdout } = await run(node, ["--predictable", "-e", MAKER, bundle, target], {
      env: NOWHERE,
    });
    const { version, arch } = JSON.parse(stdout) as { version: string; arch: string };
    return { file: cacheFile(version, arch), bytes: await readFile(target) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
