import { spawnSync } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type {
  JobDefinition,
  JobFile,
  PythonEnvironment,
} from "../../../shared/core/job/job-definition.ts";
import { aJob } from "../../support/builders.ts";
import { processWorld, PROJECT, type ProcessWorld } from "./process-world.ts";
import { zip, type ZipEntry } from "./zip-builder.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

const refusal = async (job: Partial<JobDefinition>): Promise<string | undefined> =>
  (await world.executor.check(PROJECT, world.request(job).work))?.reason;

function python(part: Partial<PythonEnvironment>): Partial<JobDefinition> {
  return { python: { type: "manual", rootPaths: [], localPaths: [], ...part } };
}

describe("a job this machine cannot honour", () => {
  it.each<[string, Partial<JobDefinition>]>([
    ["the image", { dockerImage: "cr.yandex/x" }],
    ["s3-mounts", { s3Mounts: [{ path: "bt12tlsc3nkt2opg2h61" }] }],
    ["datasets", { datasets: [{ path: "bt12tlsc3nkt2opg2h61", variable: "D" }] }],
    ["output-datasets", { outputDatasets: [{ name: "made", variable: "D", bytes: 1 }] }],
    ["spark.connector", { sparkConnector: "connector" }],
    ["working storage", { workingStorageBytes: Number.MAX_SAFE_INTEGER }],
    ["defined twice", { arguments: { A: "1" }, outputs: [{ path: "a", variable: "A" }] }],
    ["cannot name a variable", { arguments: { "a b": "1" } }],
    ["cannot name a variable", { arguments: { DS_PROJECT_HOME: "1" } }],
    ["listed twice", { outputs: [{ path: "a" }, { path: "./a" }] }],
    ["must be a path inside", { outputs: [{ path: "../a" }] }],
    ["is absolute", { outputs: [{ path: "/a" }] }],
    ["requirements file", python({ requirementsFile: "requirements.txt" })],
    ["asks for Python 3.99", python({ version: "3.99.1" })],
  ])("is refused because of %s", async (reason, job) => {
    expect(await refusal(job)).toContain(reason);
  });

  it("does not start either, whoever forgot to check", async () => {
    const request = world.request({ dockerImage: "cr.yandex/x" });

    await expect(world.executor.start(request)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
    });
  });
});

const PYTHON_398 = python({ version: "3.98" });
const WITH_REQUIREMENTS = python({
  version: "3.98",
  requirementsFile: "requirements.txt",
  pip: {
    indexUrl: "https://x.test",
    extraIndexUrls: [],
    trustedHosts: [],
    noDeps: false,
  },
});
/** Acts as an interpreter that can install: `-m venv DIR` makes a DIR whose python notes its calls. */
const INSTALLER = `case "$1 $2" in
"-m venv") sleep 0.2; mkdir -p "$3/bin"; cat >"$3/bin/python" <<'END'
#!/bin/sh
case "$*" in *install*) echo "$*" >>"$PWD/../installed" ;; *) echo in environment ;; esac
END
chmod +x "$3/bin/python" ;;
*) printf '%s\\n' "$0" 3.98.7 True ;;
esac`;

describe("a job for Python", () => {
  let others: ProcessWorld[] = [];
  afterEach(async () => {
    for (const other of others) await other.dispose();
    others = [];
  });

  /** A world whose PATH begins with a python3.98 of our making. */
  async function worldWithPython(script: string): Promise<ProcessWorld> {
    const bin = join(world.root, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "python3.98"), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, "python3.98"), 0o755);
    const path = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
    const other = await processWorld({ environment: { PATH: path } });
    others.push(other);
    return other;
  }

  it("runs on the interpreter of this machine, also by the name python", async () => {
    const { result, stdout } = await world.run({
      command: "python -c 'import sys; print(sys.version_info[0])'; python3 -c 'print(3)'",
      ...python({ type: "auto" }),
    });

    expect(result.exitCode).toBe(0);
    expect(stdout).toBe("3\n3\n");
  });

  it("gets the version it asks for when PATH has it under its own name", async () => {
    const other = await worldWithPython(`printf '%s\\n' "$0" 3.98.7 False`);
    const { attempt, result } = await other.run({ command: "python", ...PYTHON_398 });

    expect(result.exitCode).toBe(0);
    expect(await other.log(attempt)).toContain("python3.98");
    expect(await other.log(attempt, "system")).toContain("Python 3.98.7");
  });

  it("with requirements is refused where no environment for them can be made", async () => {
    const other = await worldWithPython(`printf '%s\\n' "$0" 3.98.7 False`);
    await writeFile(join(other.root, "requirements.txt"), "numpy");

    const refused = await other.executor.check(PROJECT, other.request(WITH_REQUIREMENTS).work);

    expect(refused?.reason).toContain("python3-venv");
  });

  it("has its requirements installed once for their content, with the job's index", async () => {
    const other = await worldWithPython(INSTALLER);
    await writeFile(join(other.root, "requirements.txt"), "numpy");
    const job = { command: "python; command -v python", ...WITH_REQUIREMENTS };

    const runs = [...(await Promise.all([other.run(job), other.run(job)])), await other.run(job)];
    await writeFile(join(other.root, "requirements.txt"), "numpy<3");
    const changed = await other.run(job);

    const [first] = runs;
    expect(first?.stdout).toMatch(/^in environment\n.*\/bin\/python\n$/);
    expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
    expect(changed.stdout).not.toBe(first?.stdout);
    const installed = (await readFile(join(other.root, "..", "installed"), "utf8")).split("\n");
    expect(installed.filter((line) => line.includes("--index-url https://x.test"))).toHaveLength(2);
  });

  it("has the requirements that a client sent installed in the same way", async () => {
    const other = await worldWithPython(INSTALLER);
    await writeFile(join(other.root, "requirements.txt"), "numpy\nscipy\n");
    const sent = python({ version: "3.98", requirements: ["numpy", "scipy"] });
    const { root: _, ...job } = aJob({ command: "python; command -v python", ...sent });

    const fromFile = await other.run({
      command: job.command,
      ...python({ version: "3.98", requirementsFile: "requirements.txt" }),
    });
    const fromList = await other.run({}, { work: job });
    const none = await other.run(
      {},
      { work: { ...job, ...python({ version: "3.98", requirements: [] }) } },
    );

    // One content, one environment.
    expect(fromList.stdout).toMatch(/^in environment\n/);
    expect(fromList.stdout).toBe(fromFile.stdout);
    expect(none.stdout).not.toContain("in environment");
  });

  it("imports its uploaded modules, packages and single files, before its own path", async () => {
    const archive = async (entries: readonly ZipEntry[]): Promise<JobFile> => ({
      path: `/tmp/module${entries.length}.zip`,
      stored: await world.upload(zip(entries), "archive"),
    });
    const shared = { name: "space/both.py", content: "x = 1" };
    const localModules = [
      await archive([{ name: "pack/__init__.py" }, { name: "pack/word.py", content: "w = 'one'" }]),
      await archive([{ name: "single.py", content: "w = 'two'" }]),
      await archive([shared, { name: "space/a.py", content: "w = 'three'" }, { name: "space/" }]),
      await archive([shared, ...["b", "c", "d"].map((name) => ({ name: `space/${name}.py` }))]),
    ];
    const stored = await world.upload(
      "import pack.word as p, single as s, space.a as a, space.b, sys\n" +
        "print(p.w, s.w, a.w, '/behind' in sys.path)",
    );
    const { root: _, ...job } = aJob({
      command: "cd src; python main.py",
      inputs: [{ path: "src/main.py", stored }],
      environment: { PYTHONPATH: "/behind" },
      ...python({ localModules }),
    });

    const { stdout } = await world.run({}, { work: job });

    expect(stdout).toBe("one two three True\n");
  });

  it("does not start when they cannot be installed, and hears why", async () => {
    const other = await worldWithPython(INSTALLER.replace("cat >", "echo no numpy >&2; false #"));
    await writeFile(join(other.root, "requirements.txt"), "numpy");

    await expect(other.run(WITH_REQUIREMENTS)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
      message: expect.stringContaining("no numpy") as string,
    });
  });

  it.runIf(canMakeVenv())("imports what its requirements name", async () => {
    // A wheel by hand: a module and what describes it, so that no index is asked.
    const wheel = join(world.root, "tiny_thing-1.0-py3-none-any.whl");
    const info = "tiny_thing-1.0.dist-info";
    const make = [
      "import zipfile",
      `w = zipfile.ZipFile('${wheel}', 'w')`,
      "w.writestr('tiny_thing.py', 'answer = 42')",
      `w.writestr('${info}/METADATA', 'Metadata-Version: 2.1\\nName: tiny-thing\\nVersion: 1.0\\n')`,
      `w.writestr('${info}/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')`,
      `w.writestr('${info}/RECORD', '')`,
      "w.close()",
    ].join("\n");
    await world.run({ command: `python3 - <<'END'\n${make}\nEND` });
    await writeFile(join(world.root, "requirements.txt"), `--no-index\n${wheel}\n`);
    const command = "python -c 'import tiny_thing; print(tiny_thing.answer)'";
    const named = python({ requirementsFile: "requirements.txt" });
    const inline = python({ requirements: ["--no-index", wheel] });

    expect((await world.run({ command, ...named })).stdout).toBe("42\n");
    expect((await world.run({ command, ...inline })).stdout).toBe("42\n");
  });
});

/** Whether this machine's Python brings what a virtual environment is made of. */
function canMakeVenv(): boolean {
  return spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0;
}
