import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { orrery } from "../cli-world.ts";

/** A folder of built functions of which there is the tick, with this entry point. */
async function bundlesOf(test: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-test-"));
  test.onTestFinished(async () => await rm(folder, { recursive: true }));
  await mkdir(join(folder, "tick"));
  await writeFile(join(folder, "tick", "index.js"), text);
  return folder;
}

const ECHO = `exports.handler = (event, { functionName }) => {
  console.log("a line of " + functionName);
  return { event, store: process.env.ORRERY_STORE };
};`;

describe("orrery invoke", () => {
  it("prints the result, and beside it what the function logged and how it went", async (test) => {
    const bundles = await bundlesOf(test, ECHO);
    await writeFile(join(bundles, "cloud.env"), "# the cloud\nORRERY_STORE='grpc://x:1/db'\n");
    await writeFile(join(bundles, "event.json"), '{"a":1}');

    const { code, out, err } = await orrery(
      ...["invoke", "tick", "--bundles", bundles, "--event", join(bundles, "event.json")],
      ...["--env", join(bundles, "cloud.env")],
    );

    expect({ code, out }).toEqual({
      code: 0,
      out: '{"event":{"a":1},"store":"grpc://x:1/db"}\n',
    });
    expect(err).toContain("a line of tick\n");
    expect(err).toMatch(/^tick: 200 in \d+ ms, loaded in \d+ ms$/m);
  });

  it.for([
    ["timer", [], '"trigger_id":"sample"'],
    ["queue", ["--body", '{"run":"x"}'], '"body":"{\\"run\\":\\"x\\"}"'],
    ["object", ["--path", "config/a.yaml"], '"object_id":"config/a.yaml"'],
    ["http", ["--path", "/orrery/v1/runs"], '"path":"/orrery/v1/runs"'],
  ] as const)("knows an event by its name: %s", async ([name, options, part], test) => {
    const bundles = await bundlesOf(test, ECHO);

    const { code, out } = await orrery(
      ...["invoke", "tick", "--bundles", bundles, "--event", name, ...options],
    );

    expect(code).toBe(0);
    expect(out).toContain(part);
  });

  it("calls one instance again and again, and fails where one of the calls did", async (test) => {
    const bundles = await bundlesOf(
      test,
      `let calls = 0;
      exports.handler = () => {
        if (++calls === 2) throw new Error("The second is always wrong");
        return calls;
      };`,
    );

    const { code, out, err } = await orrery(
      ...["invoke", "tick", "--bundles", bundles, "--event", "timer", "--repeat", "3"],
    );

    const [first, second, third] = out.split("\n");
    expect([first, third]).toEqual(["1", "3"]);
    expect(JSON.parse(second ?? "")).toMatchObject({ errorMessage: "The second is always wrong" });
    expect(code).toBe(1);
    expect(err).toContain("1 of 3 calls of tick failed [FUNCTION_FAILED]");
  });

  it("answers 504 for a function that takes longer than it may", async (test) => {
    const bundles = await bundlesOf(
      test,
      `exports.handler = () => new Promise(() => setInterval(() => undefined, 1_000));`,
    );

    const { code, err } = await orrery(
      ...["invoke", "tick", "--bundles", bundles, "--event", "timer", "--timeout", "1"],
    );

    expect(code).toBe(1);
    expect(err).toMatch(/^tick: 504 in/m);
  });

  it.for([
    ["a function that is none", ["nightly", "--event", "timer"], "There is no function nightly"],
    ["no bundle", ["watch", "--event", "timer"], "watch is not built"],
    ["no event", ["tick"], "required option"],
    ["an event that is not there", ["tick", "--event", "nowhere.json"], "event cannot be read"],
    ["no such environment", ["tick", "--event", "timer", "--env", "nowhere"], "environment cannot"],
    ["a count that is none", ["tick", "--event", "timer", "--repeat", "0"], "whole number"],
  ] as const)("is refused with %s", async ([, args, problem], test) => {
    const bundles = await bundlesOf(test, ECHO);

    const { code, err } = await orrery("invoke", ...args, "--bundles", bundles);

    expect(code).toBe(2);
    expect(err).toContain(problem);
  });

  it("is refused with an event that is no JSON", async (test) => {
    const bundles = await bundlesOf(test, ECHO);
    const event = join(bundles, "event.json");
    await writeFile(event, "{ not json");

    const { code, err } = await orrery("invoke", "tick", "--bundles", bundles, "--event", event);

    expect(code).toBe(2);
    expect(err).toContain("is no JSON");
  });
});
