import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { identityOf } from "../../../shared/adapters/process/process-identity.ts";
import { eventually } from "../../contract/executor.ts";
import { processEngine, processWorld, PROJECT, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld({
    environment: {
      PATH: process.env["PATH"],
      HOME: "/home/somebody",
      ORRERY_TOKEN: "secret-of-the-platform",
      YC_TOKEN: "another-secret",
    },
  });
});
afterEach(async () => {
  await world.dispose();
});

describe("the environment of a job", () => {
  it("has the base, the job's variables, the run's over them, and the progress file", async () => {
    const { attempt, stdout } = await world.run(
      {
        command: 'echo "$HOME|$A|$B|$JOB_PROGRESS_FILENAME"; : >>"$JOB_PROGRESS_FILENAME"',
        environment: { A: "job", B: "job" },
      },
      { variables: { B: "run" } },
    );

    const progress = await world.launchFile(attempt, "job_progress.jsonl");
    expect(stdout).toBe(`/home/somebody|job|run|${progress}\n`);
    expect(await readFile(progress, "utf8")).toBe("");
  });

  it("holds nothing else the platform knows, and nothing of its supervisor", async () => {
    const { stdout } = await world.run({ command: "env -0 | tr '\\0' '\\n'" });

    expect(stdout).not.toContain("secret");
    expect(stdout).not.toContain("ORRERY_");
  });

  it("may have a PATH of its own that knows no command", async () => {
    const { result, stdout } = await world.run({
      command: "echo $PATH; exit 4",
      environment: { PATH: "/nowhere" },
    });

    expect(stdout).toBe("/nowhere\n");
    expect(result).toMatchObject({ ending: "exited", exitCode: 4 });
  });

  it("cannot be taken over by a value of the run that holds shell code", async () => {
    const { stdout } = await world.run(
      { command: 'printf "%s" "${NOTE}"' },
      { variables: { NOTE: '"; echo broken "$(echo broken)' } },
    );

    expect(stdout).toBe('"; echo broken "$(echo broken)');
  });

  it("gives an attached project its own storage, which later runs find again", async () => {
    const first = await world.run({
      command: "echo kept >${DS_PROJECT_HOME}/note",
      attachProjectDisk: true,
    });
    const { stdout } = await world.run({
      command: 'cat "$DS_PROJECT_HOME/note"',
      attachProjectDisk: true,
    });

    const { storage } = processEngine(world.directory);
    expect(first.result.exitCode).toBe(0);
    expect(stdout).toBe("kept\n");
    expect(await readFile(join(storage(PROJECT), "note"), "utf8")).toBe("kept\n");
  });
});

describe("a command", () => {
  it("runs nothing when it names a variable nobody knows", async () => {
    const request = world.request({ command: "touch ran; echo ${NOBODY}" });

    await expect(world.executor.start(request)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
      message: expect.stringContaining("${NOBODY}") as string,
    });
    expect(await world.executor.poll(request.attempt)).toEqual({ state: "unknown" });
    expect(await readdir(join(world.directory, "attempts", request.attempt))).toEqual(["tickets"]);
  });

  it("is refused when the system cannot take its length", async () => {
    const request = world.request({ command: `: ${"x".repeat(3_000_000)}` });

    await expect(world.executor.start(request)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
    });
  });

  it.each([
    ["exit 0", 0],
    ["exit 255", 255],
    ["no-such-program", 127],
    ["kill -9 $$", 137],
    ["sh -c 'kill -TERM $$'", 143],
    ["if", 2],
  ])("%s ends with %i", async (command, exitCode) => {
    const { result } = await world.run({ command });

    expect(result).toMatchObject({ ending: "exited", exitCode });
  });

  it("writes stdout, stderr and system into logs of their own", async () => {
    const { attempt } = await world.run({ command: "echo out; echo err >&2" });

    expect(await world.log(attempt, "stdout")).toBe("out\n");
    expect(await world.log(attempt, "stderr")).toBe("err\n");
    expect(await world.log(attempt, "system")).toMatch(/^Staged 0 files/);
  });

  it("leaves nothing of its group behind although nobody looks", async () => {
    const request = world.request({ command: "(trap '' TERM HUP; exec sleep 600) & echo $!" });
    await world.executor.start(request);

    const left = await eventually(async () => {
      const pid = Number.parseInt(await world.log(request.attempt), 10);
      return Number.isNaN(pid) ? undefined : pid;
    });

    await eventually(async () => ((await identityOf(left)) === undefined ? true : undefined));
  });

  it("has left nothing of its group behind when it is reported ended", async () => {
    const { result, stdout } = await world.run({
      command: "(trap '' TERM HUP; exec sleep 600) & echo $!; exit 3",
    });

    expect(result).toMatchObject({ ending: "exited", exitCode: 3 });
    expect(await identityOf(Number(stdout))).toBeUndefined();
  });
});

describe("an output", () => {
  it("is delivered under its own path, also where the program wrote it elsewhere", async () => {
    const { attempt, result } = await world.run({
      command: "mkdir data; echo a >data/a.txt; cd /; echo b >${MODEL}; echo c >${FAR}",
      outputs: [
        { path: "data/a.txt" },
        { path: "models/my model.bin", variable: "MODEL" },
        { path: "/somewhere/far.bin", variable: "FAR" },
      ],
    });

    const delivered = join(world.directory, "attempts", attempt, "outputs");
    expect(result.outputErrors).toEqual([]);
    expect(result.outputs.map(({ path, variable }) => [path, variable])).toEqual([
      ["data/a.txt", undefined],
      ["models/my model.bin", "MODEL"],
      ["/somewhere/far.bin", "FAR"],
    ]);
    expect(await readFile(join(delivered, "data/a.txt"), "utf8")).toBe("a\n");
    expect(await readFile(join(delivered, "models/my model.bin"), "utf8")).toBe("b\n");
    expect(await readFile(join(delivered, "FAR/far.bin"), "utf8")).toBe("c\n");
  });

  it("that is a link out of the working directory, a directory or a pipe is not taken", async () => {
    await writeFile(join(world.root, "outside"), "private");
    const { result } = await world.run({
      command: [
        `ln -s ${world.root}/outside link`,
        `ln -s ${world.root} folder`,
        "mkdir plain",
        "mkfifo pipe",
        "echo fine >fine; ln -s fine inner",
      ].join("\n"),
      outputs: ["link", "folder/outside", "plain", "pipe", "inner"].map((path) => ({ path })),
    });

    expect(result.outputs.map(({ path }) => path)).toEqual(["inner"]);
    expect(result.outputErrors).toMatchObject([
      {
        path: "link",
        type: "UPLOAD_FAILED",
        description: expect.stringContaining("leads out") as string,
      },
      { path: "folder/outside", type: "UPLOAD_FAILED" },
      {
        path: "plain",
        type: "UPLOAD_FAILED",
        description: expect.stringContaining("not a file") as string,
      },
      { path: "pipe", type: "UPLOAD_FAILED" },
    ]);
  });

  it("stays as it was collected", async () => {
    const { attempt, result } = await world.run({
      command: "echo one >out",
      outputs: [{ path: "out" }],
    });
    await writeFile(await world.launchFile(attempt, "work/out"), "two");

    expect(await world.reopen().poll(attempt)).toEqual({ state: "ended", result });
  });
});

describe("a directory with a name no shell likes", () => {
  it("still gives files paths that need no quotes", async () => {
    const odd = await processWorld({ environment: process.env, directoryName: "odd 'place'" });
    try {
      await writeFile(join(odd.root, "a b.txt"), "text");
      const { stdout } = await odd.run({
        command: "cat ${IN}",
        inputs: [{ path: "a b.txt", variable: "IN" }],
      });

      expect(stdout).toBe("text");
    } finally {
      await odd.dispose();
    }
  });
});
