// One file, so that its kernels start one after another: each takes a core for most of a second.

import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProcessExecutor } from "../../../shared/adapters/process/process-executor.ts";
import { identityOf } from "../../../shared/adapters/process/process-identity.ts";
import { limits } from "../../../shared/core/limits.ts";
import { eventually } from "../../contract/executor.ts";
import { PROJECT, processEngine } from "./process-world.ts";
import {
  aNotebook,
  noKernel,
  notebookFile,
  notebookWorld,
  type NotebookWorld,
} from "./notebook-world.ts";

const cell = (id: string) => ({ target: { kind: "cell", cell: id } }) as const;

describe.skipIf(noKernel !== undefined)("a notebook in a real kernel", () => {
  let world: NotebookWorld;
  beforeEach(async () => {
    world = await notebookWorld();
  });
  afterEach(async () => {
    await world.dispose();
  });

  it("executes its code cells in order and keeps what each one showed", async () => {
    await world.notebook(
      "a.ipynb",
      "# Title",
      "print('one')\nprint('two')\n6 * 7",
      "x = 1",
      "x + 1",
    );

    const { notebook, result, stdout } = await world.execute({});

    expect(notebook).toEqual({
      path: "a.ipynb",
      status: "OK",
      cells: [
        { id: "c2", outputs: ["one\ntwo\n", "42"] },
        { id: "c3", outputs: [] },
        { id: "c4", outputs: ["2"] },
      ],
      variables: { x: 1 },
    });
    expect(result).toMatchObject({ ending: "exited", exitCode: 0, instanceType: "c1.4" });
    expect(stdout).toBe("one\ntwo\n");
  });

  it("gets its variables from the environment: text as it is, other values as JSON", async () => {
    await world.notebook("a.ipynb", "import os\nprint([os.environ[n] for n in 'RABNV'])");

    const { stdout } = await world.execute(
      { variables: { R: "eu west", A: [1, "я"], B: true, N: null, V: "one" } },
      { variables: { V: "the run's" } },
    );

    expect(stdout).toBe(`['eu west', '[1,"я"]', 'true', 'null', "the run's"]\n`);
  });

  it("works in the project's storage, whatever folder it is in", async () => {
    await writeFile(join(world.storage, "tool.py"), "NAME = 'tool'");
    await world.notebook(
      "deep/a.ipynb",
      "import os, tool\nopen('made.txt', 'w').write(tool.NAME)\nos.getcwd()",
    );

    const { notebook } = await world.execute({
      target: { kind: "notebook", path: "deep/a.ipynb" },
    });

    expect(notebook.cells[0]?.outputs.at(-1)).toBe(`'${world.storage}'`);
    expect(await readFile(join(world.storage, "made.txt"), "utf8")).toBe("tool");
    expect((await readdir(world.storage)).sort()).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/state/)]),
    );
  });

  it("shows its output while it runs", async () => {
    await world.notebook("a.ipynb", "print('begun')", "import time\ntime.sleep(60)");
    const request = world.asks({});
    await world.executor.start(request);

    const seen = await eventually(async () => {
      const text = await world.log(request.attempt);
      return text === "" ? undefined : text;
    });

    expect(seen).toBe("begun\n");
    expect(await world.executor.poll(request.attempt)).toMatchObject({ state: "running" });
  });

  it("stops at a cell that raises, and says where without colours", async () => {
    await world.notebook("a.ipynb", "x = 1", "def half(n):\n    return 1 / n\nhalf(0)", "x = 2");

    const { notebook, result, stderr } = await world.execute({});

    expect(notebook).toMatchObject({
      status: "ERROR",
      error: { name: "ZeroDivisionError", message: "division by zero" },
      variables: { x: 1 },
    });
    expect(notebook.cells.map(({ id }) => id)).toEqual(["c1", "c2"]);
    const [trace = ""] = notebook.cells[1]?.outputs ?? [];
    expect(trace).toContain("return 1 / n");
    expect(trace).not.toContain("\u001b");
    expect(stderr).toContain("ZeroDivisionError: division by zero");
    expect(result).toMatchObject({ ending: "exited", exitCode: 1 });
  });

  it("tells of its variables what JSON can say, and of others their text", async () => {
    await world.notebook(
      "a.ipynb",
      [
        "import math",
        "whole, real, text, nothing, yes = 7, 0.5, 'я', None, True",
        "listed = [1, (2, 'b'), {'k': [None]}]",
        "huge, endless, keyed = 2**60, float('inf'), {1: 2}",
        "class Own:\n    def __repr__(self): return 'an own one'",
        "class Bad:\n    def __repr__(self): raise KeyError('no')",
        "own, bad = Own(), Bad()",
        "def f(): pass",
      ].join("\n"),
    );

    const { notebook } = await world.execute({});

    expect(notebook.variables).toEqual({
      ...{ whole: 7, real: 0.5, text: "я", nothing: null, yes: true },
      listed: [1, [2, "b"], { k: [null] }],
      ...{ huge: String(2n ** 60n), endless: "inf", keyed: "{1: 2}" },
      own: "an own one",
      bad: expect.stringMatching(/^<Bad instance/) as string,
    });
  });

  it("fails where a variable that the caller wants is missing at its end", async () => {
    await world.notebook("a.ipynb", "total = 3");

    const { notebook } = await world.execute({ outputVariables: ["total", "mean"] });

    expect(notebook).toMatchObject({
      status: "ERROR",
      error: {
        name: "OutputVariablesMissing",
        message: expect.stringContaining(": mean.") as string,
      },
      variables: { total: 3 },
    });
  });

  it("bounds what it keeps of outputs and variables, and never loses the failure", async () => {
    await world.notebook(
      "a.ipynb",
      "for i in range(200_000): print(i, 'ы' * 20)",
      "print('x' * 300_000)",
      "big = 'z' * 300_000\nmany = {str(i): i for i in range(100_000)}\nwanted = 1\n" +
        "for i in range(40): globals()[f'v{i}'] = 'w' * 10_000",
      "raise ValueError('q' * 500_000)",
    );

    const { notebook, system } = await world.execute({ outputVariables: ["wanted"] });

    const bytes = Buffer.byteLength(JSON.stringify(notebook));
    expect(bytes).toBeLessThan(
      limits.notebookOutputsBytes + limits.notebookVariablesBytes + 80_000,
    );
    const longest = notebook.cells.flatMap(({ outputs }) => outputs).map((text) => text.length);
    expect(Math.max(...longest)).toBeLessThanOrEqual(limits.notebookOutputBytes);
    expect(notebook.cells[0]?.outputs[0]).toMatch(/^0 ы[^]+shortened[^]+199999 ы+\n$/);
    expect(notebook.cells.at(-1)?.outputs[0]).toMatch(/ValueError/);
    expect(notebook.error?.name).toBe("ValueError");
    expect(notebook.variables).toMatchObject({ wanted: 1 });
    expect(notebook.variables["many"]).toMatch(/^\{'0': 0, /);
    expect(system).toMatch(/Variables left out of the result, which is full: .*v39/);
  });

  it("ends with an error where its kernel dies", async () => {
    await world.notebook("a.ipynb", "import os\nos._exit(3)");

    const { notebook } = await world.execute({});

    expect(notebook).toMatchObject({
      status: "ERROR",
      error: { name: "KernelDied", message: "The kernel ended with code 3." },
    });
  });

  it("names cells that have no id by their place", async () => {
    const old = JSON.parse(notebookFile(["1", "2"])) as { cells: { id?: string }[] };
    for (const each of old.cells) delete each.id;
    await writeFile(join(world.storage, "a.ipynb"), JSON.stringify({ ...old, nbformat_minor: 4 }));

    const { notebook } = await world.execute({});

    expect(notebook.cells).toEqual([
      { id: "#1", outputs: ["1"] },
      { id: "#2", outputs: ["2"] },
    ]);
  });

  describe("one cell", () => {
    it("starts from what the last execution left: variables, modules and functions", async () => {
      await world.notebook(
        "a.ipynb",
        "import math as m\nfrom os.path import join\nfactor = 2\nshared = []\nholder = [shared]",
        "def scaled(n, by=10, *, plus=1):\n    'Scales.'\n    return n * by * factor + plus",
        "shared.append(1)\nprint(holder, scaled(1), scaled.__doc__, m.floor(2.5), join('a', 'b'))",
        "factor += 1",
      );
      await world.execute({});

      const first = await world.execute(cell("c3"));
      await world.execute(cell("c4"));
      const again = await world.execute(cell("c3"));

      // Executed as part of the notebook once, and twice alone; the functions see later values.
      expect(first.notebook.cells).toEqual([
        { id: "c3", outputs: ["[[1, 1]] 31 Scales. 2 a/b\n"] },
      ]);
      expect(again.notebook.cells[0]?.outputs).toEqual(["[[1, 1, 1]] 41 Scales. 2 a/b\n"]);
    });

    it("starts from the state of an execution that failed", async () => {
      await world.notebook("a.ipynb", "kept = 5", "1 / 0", "print(kept)");
      await world.execute({});

      const { notebook, stdout } = await world.execute(cell("c3"));

      expect(notebook.status).toBe("OK");
      expect(stdout).toBe("5\n");
    });

    it("misses what cannot be kept, which the system log lists", async () => {
      await world.notebook(
        "a.ipynb",
        [
          "import importlib.util as u, threading",
          "lock, numbers, good = threading.Lock(), (n for n in 'ab'), 1",
          "class Own: pass",
          "own = Own()",
          "has_cloudpickle = u.find_spec('cloudpickle') is not None",
        ].join("\n"),
        "print(good, 'lock' in globals(), ('own' in globals()) == has_cloudpickle)",
      );

      const { system } = await world.execute({});
      const { stdout } = await world.execute(cell("c2"));

      expect(system).toMatch(/Not kept for a later cell: .*lock \(.+\), numbers \(.+\)/);
      expect(stdout).toBe("1 False True\n");
    });

    it("starts empty where the notebook was never executed, and says so", async () => {
      await world.notebook("a.ipynb", "x = 1", "print('x' in globals())");

      const { stdout, system } = await world.execute(cell("c2"));

      expect(stdout).toBe("False\n");
      expect(system).toContain("no state yet");
    });

    it("fails with the remedy where the state cannot be read back", async () => {
      await world.notebook("a.ipynb", "x = 1");
      await world.execute({});
      const states = join(dirname(world.storage), "notebook-states");
      for (const name of await readdir(states)) await writeFile(join(states, name), "no pickle");

      const { notebook } = await world.execute(cell("c1"));

      expect(notebook).toMatchObject({ status: "ERROR", cells: [] });
      expect(notebook.error?.message).toContain("execute the whole notebook first");
    });
  });

  describe("that is asked to end", () => {
    const waits =
      "import os, time\ntry:\n    print('waits')\n    time.sleep(600)\nfinally:\n    done = 'tidied up'";

    async function waiting(source = waits, work = {}): Promise<string> {
      await world.notebook("a.ipynb", "early = 1", source, "late = 1");
      const request = world.asks(work);
      await world.executor.start(request);
      await eventually(async () => ((await world.log(request.attempt)) === "" ? undefined : true));
      return request.attempt;
    }

    it("is interrupted, keeps its state, and leaves an aborted result", async () => {
      const attempt = (await waiting()) as never;

      await world.executor.stop(attempt, "graceful", "cancelled");
      const { notebook, result } = await world.ended(attempt);
      const later = await world.execute(cell("c1"));

      expect(result.ending).toBe("cancelled");
      expect(notebook).toMatchObject({
        status: "ABORTED",
        error: { name: "Stopped", message: "It was stopped by SIGINT." },
        variables: { early: 1, done: "tidied up" },
      });
      expect(notebook.cells.map(({ id }) => id)).toEqual(["c1", "c2"]);
      expect(later.notebook.variables).toMatchObject({ early: 1, done: "tidied up" });
    });

    it("is killed with its kernel where the cell does not let go, within its grace", async () => {
      const stubborn = [
        "import os, subprocess, time",
        "child = subprocess.Popen(['sleep', '600']).pid",
        "print(os.getpid(), child, flush=True)",
        "while True:",
        "    try: time.sleep(600)",
        "    except KeyboardInterrupt: pass",
      ].join("\n");
      const attempt = (await waiting(stubborn, {
        gracefulShutdown: { signal: "SIGTERM", timeoutMs: 1_500 },
      })) as never;
      const pids = (await world.log(attempt)).trim().split(" ").map(Number);

      await world.executor.stop(attempt, "graceful", "cancelled");
      const { notebook, result, system } = await world.ended(attempt);

      expect(result.ending).toBe("cancelled");
      expect(notebook.status).toBe("ABORTED");
      expect(notebook.cells[0]?.id).toBe("c1");
      expect(system).toContain("was killed");
      for (const pid of pids) expect(await identityOf(pid)).toBeUndefined();
    });

    it("leaves no kernel behind when it is killed, and an aborted result", async () => {
      const attempt = (await waiting(
        "import os, time\nprint(os.getpid())\ntime.sleep(600)",
      )) as never;
      const kernel = Number(await world.log(attempt));

      await world.executor.stop(attempt, "kill", "cancelled");
      const { notebook, result } = await world.ended(attempt);

      expect(result).toMatchObject({ ending: "cancelled", exitCode: 137 });
      expect(notebook).toEqual({
        path: "a.ipynb",
        status: "ABORTED",
        cells: [],
        variables: {},
        error: { name: "Killed", message: "It was killed before it could leave a result." },
      });
      expect(await identityOf(kernel)).toBeUndefined();
    });

    it("finishes saving its state where it has begun to", async () => {
      const slow = [
        "import pathlib, time",
        "class Slow:",
        "    def __getstate__(self):",
        "        pathlib.Path('saving').touch()",
        "        time.sleep(1)",
        "        return {'kept': 1}",
      ];
      await writeFile(join(world.storage, "slow.py"), slow.join("\n"));
      await world.notebook(
        "a.ipynb",
        "import slow\nvalue = slow.Slow()\nvalue.kept = 0",
        "print(value.kept)",
      );
      const request = world.asks({});
      await world.executor.start(request);
      await eventually(async () =>
        (await readdir(world.storage)).includes("saving") ? true : undefined,
      );

      await world.executor.stop(request.attempt, "graceful", "cancelled");
      const { notebook } = await world.ended(request.attempt);
      const later = await world.execute(cell("c2"));

      expect(notebook.status).toBe("ABORTED");
      expect(later.stdout).toBe("1\n");
    });

    it("ends at its soft limit", async () => {
      await world.notebook("a.ipynb", waits);

      const { notebook, result } = await world.execute({}, { softLimitMs: 2_500 });

      expect(result.ending).toBe("timedOut");
      expect(notebook.status).toBe("ABORTED");
    });
  });

  describe("with a stale timeout", () => {
    it("is aborted once it used no CPU for that long", async () => {
      await world.notebook("a.ipynb", "kept = 1", "import time\ntime.sleep(600)");

      const { notebook, result } = await world.execute({ staleAfterMs: 800 });

      expect(result).toMatchObject({ ending: "exited", exitCode: 1 });
      expect(notebook).toMatchObject({
        status: "ABORTED",
        error: { name: "Stale", message: expect.stringContaining("for 0.8 s") as string },
        variables: { kept: 1 },
      });
    });

    it("goes on while its kernel or a program that it started computes", async () => {
      const busy = "while time.monotonic() - began < 1.2: pass";
      await world.notebook(
        "a.ipynb",
        `import subprocess, sys, time\nbegan = time.monotonic()\n${busy}`,
        `code = "import time; began = time.monotonic()\\n${busy}"\n` +
          "subprocess.run([sys.executable, '-c', code], check=True)",
      );

      const { notebook } = await world.execute({ staleAfterMs: 800 });

      expect(notebook.status).toBe("OK");
    });
  });

  it("says in the result what a driver that could not leave one ended with", async () => {
    await world.notebook("a.ipynb", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)");

    const { notebook, result } = await world.execute({});

    expect(result).toMatchObject({ ending: "exited", exitCode: 137 });
    expect(notebook).toMatchObject({ status: "ABORTED", error: { name: "DriverFailed" } });
  });
});

describe.skipIf(noKernel !== undefined)("a notebook that cannot be executed", () => {
  let world: NotebookWorld;
  beforeEach(async () => {
    world = await notebookWorld();
  });
  afterEach(async () => {
    await world.dispose();
  });

  async function refusal(work: Parameters<typeof aNotebook>[0]): Promise<string | undefined> {
    const { project } = world.asks({});
    return (await world.executor.check(project, aNotebook(work)))?.reason;
  }

  it("is accepted where it is a notebook of the storage", async () => {
    await world.notebook("deep/a.ipynb", "1");

    expect(await refusal({ target: { kind: "notebook", path: "deep/a.ipynb" } })).toBeUndefined();
    expect(await refusal(cell("c1"))).toBeUndefined();
  });

  it("is refused where there is no such file, with the folder it should be in", async () => {
    expect(await refusal({})).toBe(
      `There is no notebook "a.ipynb" in ${world.storage}: put it there.`,
    );
  });

  it("is refused where it leads out of the storage", async () => {
    const { symlink } = await import("node:fs/promises");
    await writeFile(join(world.storage, "..", "outside.ipynb"), notebookFile(["1"]));
    await symlink("../outside.ipynb", join(world.storage, "a.ipynb"));

    expect(await refusal({})).toContain("leads out of the project's storage");
    const climbs = { target: { kind: "notebook", path: "../outside.ipynb" } } as const;
    expect(await refusal(climbs)).toContain("leads out of the project's storage");
  });

  it("is refused where the file is no Python notebook of format 4", async () => {
    await writeFile(join(world.storage, "a.ipynb"), "print('hello')");
    expect(await refusal({})).toContain("is not a notebook of nbformat 4");

    const kernelspec = { name: "ir", language: "R" };
    const inR = { ...(JSON.parse(notebookFile(["1"])) as object), metadata: { kernelspec } };
    await writeFile(join(world.storage, "a.ipynb"), JSON.stringify(inR));
    expect(await refusal({})).toContain("written in R");
  });

  it("is refused, with what to install, where the Python that is named has no kernel", async () => {
    await world.notebook("a.ipynb", "1");
    const environment = { ...process.env, ORRERY_NOTEBOOK_PYTHON: "/usr/bin/false" };
    const engine = { ...processEngine(world.directory), environment };

    const refused = await createProcessExecutor(engine).check(PROJECT, aNotebook());

    expect(refused?.reason).toBe(
      "Notebooks need a Python with nbclient and ipykernel, and /usr/bin/false has none: install " +
        "them (on Debian, apt-get install python3-nbclient python3-ipykernel; elsewhere, pip " +
        "install nbclient ipykernel), or name another Python in ORRERY_NOTEBOOK_PYTHON.",
    );
  });

  it("is refused where no cell, two cells or a text cell has the id", async () => {
    await world.notebook("a.ipynb", "1", "# Text");
    await world.notebook("deep/b.ipynb", "1");
    await world.notebook(".ipynb_checkpoints/a-checkpoint.ipynb", "1", "1", "1");

    expect(await refusal(cell("c3"))).toContain(`has a cell "c3"`);
    expect(await refusal(cell("c1"))).toContain("is in a.ipynb and deep/b.ipynb");
    expect(await refusal(cell("c2"))).toContain("holds no code");
  });
});
