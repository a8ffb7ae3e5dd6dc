import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Runs benches by name: `node test/bench/run.ts next` loads `next.bench.ts` from this folder, whose
 * `bench` prints its own figures. Without a name it lists what there is. What follows the names from
 * the first `--option` on is for the benches.
 */
interface Bench {
  readonly bench: (options: readonly string[]) => void | Promise<void>;
}

const SUFFIX = ".bench.ts";
const folder = import.meta.dirname;
const files = await readdir(folder);
const known = files
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith("--"));
const names = firstOption < 0 ? words : words.slice(0, firstOption);
const options = firstOption < 0 ? [] : words.slice(firstOption);
const unknown = names.filter((name) => !known.includes(name));

if (names.length === 0 || unknown.length > 0) {
  const what = unknown.length > 0 ? `There is no bench named ${unknown.join(", ")}. ` : "";
  process.stderr.write(`${what}Name one or more of: ${known.join(", ")}\n`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    const { bench } = (await import(join(folder, `${name}${SUFFIX}`))) as Bench;
    await bench(options);
  }
}
