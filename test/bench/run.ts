import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Runs benches by name: `node test/bench/run.ts next` loads `next.bench.ts` from this folder, whose
 * `bench` prints its own figures. Without a name it lists what there is.
 */
interface Bench {
  readonly bench: () => void | Promise<void>;
}

const SUFFIX = ".bench.ts";
const folder = import.meta.dirname;
const files = await readdir(folder);
const known = files
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
const [, , ...names] = process.argv;
const unknown = names.filter((name) => !known.includes(name));

if (names.length === 0 || unknown.length > 0) {
  const what = unknown.length > 0 ? `There is no bench named ${unknown.join(", ")}. ` : "";
  process.stderr.write(`${what}Name one or more of: ${known.join(", ")}\n`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    const { bench } = (await import(join(folder, `${name}${SUFFIX}`))) as Bench;
    await bench();
  }
}
