import { execFileSync, type ExecFileSyncOptions } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The gate of the protos: they are formatted and linted, break nobody who speaks to what `main`
 * says, and `shared/gen` is what buf makes of them. Exits with 1 and the reason where one fails.
 */
const root = resolve(import.meta.dirname, "../..");
const buf = join(root, "node_modules/.bin/buf");
const quiet: ExecFileSyncOptions = { cwd: root, stdio: ["ignore", "pipe", "inherit"] };

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const git = (...args: readonly string[]): string =>
  execFileSync("git", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

function step(name: string, check: () => string | undefined): boolean {
  try {
    say(`${name}: ${check() ?? "ok"}`);
    return true;
  } catch (error) {
    const { stdout } = error as { readonly stdout?: Buffer };
    say(`${name}: failed\n${stdout?.toString() ?? String(error)}`);
    return false;
  }
}

/** Does something in a copy of what a check needs, which is gone afterwards. */
function inCopy(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "orrery-proto-"));
  try {
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The commit whose protos must stay readable: where we left `main`, or what came before us on it. */
function base(): string | undefined {
  try {
    const main = ["origin/main", "main"].find((ref) => {
      try {
        return git("rev-parse", "--verify", "--quiet", ref) !== "";
      } catch {
        return false;
      }
    });
    if (main === undefined) return undefined;
    const from = git("merge-base", main, "HEAD");
    const isUs = from === git("rev-parse", "HEAD") && git("status", "--porcelain", "proto") === "";
    return isUs ? git("rev-parse", "HEAD^") : from;
  } catch {
    return undefined;
  }
}

function breaking(): string | undefined {
  const commit = base();
  if (commit === undefined) return "skipped, there is no history to compare with";
  if (git("ls-tree", "--name-only", commit, "proto") === "") {
    return `skipped, ${commit.slice(0, 12)} has no protos`;
  }
  inCopy((directory) => {
    const archive = execFileSync("git", ["archive", commit, "proto", "buf.yaml"], { cwd: root });
    execFileSync("tar", ["-x", "-C", directory], { input: archive });
    const before = join(directory, "before.binpb");
    execFileSync(buf, ["build", "-o", before], { ...quiet, cwd: directory });
    // Our two modules are compared as one image, because the base is one.
    const after = join(directory, "after.binpb");
    execFileSync(buf, ["build", "-o", after], quiet);
    const config = JSON.stringify({ version: "v2", breaking: { use: ["WIRE_JSON"] } });
    execFileSync(buf, ["breaking", after, "--against", before, "--config", config], quiet);
  });
  return undefined;
}

function current(): undefined {
  inCopy((directory) => {
    for (const name of ["proto", "infra/proto", "buf.yaml", "buf.gen.yaml"]) {
      cpSync(join(root, name), join(directory, name), { recursive: true });
    }
    execFileSync(buf, ["generate"], { ...quiet, cwd: directory });
    const made = filesBelow(join(directory, "shared/gen"));
    const kept = filesBelow(join(root, "shared/gen"));
    const differ = [...new Set([...made.keys(), ...kept.keys()])].filter(
      (path) => made.get(path) !== kept.get(path),
    );
    if (differ.length > 0)
      throw new Error(`run npm run generate; these differ: ${differ.join(", ")}`);
  });
  return undefined;
}

function filesBelow(directory: string): ReadonlyMap<string, string> {
  if (!existsSync(directory)) return new Map();
  const paths = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const sources = paths.filter((path) => path.endsWith(".ts"));
  return new Map(sources.map((path) => [path, readFileSync(join(directory, path), "utf8")]));
}

const passed = [
  step(
    "buf format",
    () => void execFileSync(buf, ["format", "--diff", "--exit-code", "proto"], quiet),
  ),
  step("buf lint", () => void execFileSync(buf, ["lint"], quiet)),
  step("buf breaking", breaking),
  step("shared/gen is current", current),
];
process.exitCode = passed.every(Boolean) ? 0 : 1;
