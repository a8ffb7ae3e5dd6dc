import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Executor } from "../../../shared/ports/executor.ts";
import type { JobDefinition } from "../../../shared/core/job/job-definition.ts";
import { eventually, resultOf } from "../../contract/executor.ts";
import { Opened } from "../../support/opened.ts";
import { Executors, Upstream } from "./upstream.ts";

const opened = new Opened();
let upstream: Upstream;
let executors: Executors;
let executor: Executor;

beforeAll(async () => {
  upstream = await Upstream.open(opened);
  executors = await Executors.of(opened, upstream);
  executor = executors.make();
});
afterAll(async () => await opened[Symbol.asyncDispose]());

describe("a job that runs in DataSphere", () => {
  it("finds its inputs, folders and variables, and leaves its outputs", async () => {
    await upstream.write("data/deep/a.txt", "A");
    await upstream.write("data/b.txt", "B");
    await upstream.write("main.sh", "cat data/deep/a.txt data/b.txt $1; printf %s $DATE > $2");
    await upstream.write("one.txt", "1");
    const request = executors.request(
      {
        command: "sh main.sh ${ONE} ${OUT}; echo ${SIZE} ${DATE} >&2",
        arguments: { SIZE: "small" },
        inputs: [{ path: "data" }, { path: "one.txt", variable: "ONE" }],
        outputs: [{ path: "out/result.txt", variable: "OUT" }],
        environment: { DATE: "never" },
      },
      { variables: { DATE: "2027-01-15" } },
    );

    await executor.start(request);
    const result = await resultOf(executor, request.attempt);

    expect(result).toMatchObject({ ending: "exited", exitCode: 0, instanceType: "c1.4" });
    expect(result.outputs).toMatchObject([{ path: "out/result.txt", variable: "OUT", bytes: 10 }]);
    const out = await executor.readLog(request.attempt, "stdout", 0);
    expect(Buffer.from(out.bytes).toString()).toBe("AB1");
    const error = await executor.readLog(request.attempt, "stderr", 0);
    expect(Buffer.from(error.bytes).toString()).toBe("small 2027-01-15\n");
    const file = { kind: "output", path: "out/result.txt", variable: "OUT" } as const;
    const located = await executor.locate(request.attempt, file);
    expect(located?.kind).toBe("url");
    const url = located?.kind === "url" ? located.url : "";
    expect(await (await fetch(url)).text()).toBe("2027-01-15");
  });

  it("finds the Python modules that its program imports", async () => {
    await upstream.write(
      "app/main.py",
      "import tools\nfrom pack import inner\nprint(tools.A, inner.B)\n",
    );
    await upstream.write("app/tools.py", "A = 'tools'\n");
    await upstream.write("app/pack/inner.py", "B = 'inner'\n");
    const request = executors.request({
      command: "python3 app/main.py",
      python: { type: "auto", rootPaths: [], localPaths: [] },
    });

    await executor.start(request);
    const result = await resultOf(executor, request.attempt);

    const out = await executor.readLog(request.attempt, "stdout", 0);
    expect(Buffer.from(out.bytes).toString()).toBe("tools inner\n");
    expect(result.exitCode).toBe(0);
    const [job] = await executors.jobs(request.attempt);
    expect(job?.jobParameters?.inputFiles.map(({ desc }) => desc?.path)).toEqual(["app/main.py"]);
    expect(job?.jobParameters?.env?.pythonEnv?.localModules.map(({ desc }) => desc?.var)).toEqual([
      "_LOCAL_MODULE_0",
      "_LOCAL_MODULE_1",
    ]);
  });

  it("uploads a content that is there already no second time", async () => {
    await upstream.write("same.txt", "the same");
    const asked = (): ReturnType<Executors["request"]> =>
      executors.request({ command: "cat same.txt", inputs: [{ path: "same.txt" }] });
    const [first, second] = [asked(), asked()];

    await executor.start(first);
    await executor.start(second);

    expect((await resultOf(executor, first.attempt)).exitCode).toBe(0);
    expect((await resultOf(executor, second.attempt)).exitCode).toBe(0);
  });

  it("keeps a run's value that a shell could act upon out of the command", async () => {
    const request = executors.request(
      { command: 'printf %s "${VALUE}"', arguments: { VALUE: "plain" } },
      { variables: { VALUE: "$(echo broken); x" } },
    );

    await executor.start(request);
    await resultOf(executor, request.attempt);

    const out = await executor.readLog(request.attempt, "stdout", 0);
    expect(Buffer.from(out.bytes).toString()).toBe("$(echo broken); x");
  });

  it("is followed while it prints, by one reader and by another that comes late", async () => {
    const go = await upstream.write("logs/first", "");
    const request = executors.request({
      command: `printf one; printf err >&2; while [ ! -f ${go}-go ]; do sleep 0.05; done; printf two`,
    });
    await executor.start(request);
    const read = async (from: number, reader = executor): Promise<string> => {
      const { bytes } = await reader.readLog(request.attempt, "stdout", from);
      return Buffer.from(bytes).toString();
    };

    const first = await eventually(async () => (await read(0)) || undefined);
    await upstream.write("logs/first-go", "");
    await resultOf(executor, request.attempt);

    expect(first).toBe("one");
    expect(await eventually(async () => (await read(3)) || undefined)).toBe("two");
    expect(await read(1, executors.make())).toBe("netwo");
    expect(await read(6)).toBe("");
  });
});

describe("a job that DataSphere does not get", () => {
  it.each<[string, Partial<JobDefinition>, RegExp]>([
    ["an input is missing", { inputs: [{ path: "nowhere.txt" }] }, /nowhere\.txt" does not exist/],
    ["a path leaves its folder", { outputs: [{ path: "../out" }] }, /leaves the working directory/],
    [
      "a variable is defined twice",
      { arguments: { A: "1" }, outputs: [{ path: "a", variable: "A" }] },
      /already/,
    ],
    [
      "its list is too long",
      { outputs: Array.from({ length: 101 }, (_, index) => ({ path: `${index}` })) },
      /has 101 entries/,
    ],
    [
      "its requirements are missing",
      { python: { type: "manual", rootPaths: [], localPaths: [], requirementsFile: "r.txt" } },
      /"r\.txt" is not in/,
    ],
  ])("because %s is refused before anything is sent", async (_why, job, reason) => {
    const { project, work } = executors.request({ command: "true", ...job });

    expect((await executor.check(project, work))?.reason).toMatch(reason);
  });

  it("because its command names what nobody gives ends its attempt", async () => {
    const request = executors.request({ command: "echo ${NOBODY}" });

    await expect(executor.start(request)).rejects.toMatchObject({
      code: "EXECUTION_PREPARE_FAILED",
    });
    expect(await executors.jobs(request.attempt)).toEqual([]);
  });
});
