import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { Instance, type InstanceOptions } from "../../../infra/invoke/instance.ts";
import { realClock } from "../../support/real-clock.ts";

/** An instance of a function whose entry point has this text. */
async function instanceOf(
  test: TestContext,
  text: string,
  part: Partial<InstanceOptions> = {},
): Promise<{ readonly instance: Instance; readonly printed: () => string }> {
  const bundle = await mkdtemp(join(tmpdir(), "orrery-test-"));
  await writeFile(join(bundle, "index.js"), text);
  let printed = "";
  const instance = await Instance.make({
    called: {
      name: "small",
      handler: "functions/small/index.handler",
      timeoutMs: 60_000,
      memoryMb: 256,
      triggers: [],
    },
    ...{ bundle, environment: {}, timeoutMs: 60_000, clock: realClock },
    print: (_, bytes) => (printed += Buffer.from(bytes).toString()),
    ...part,
  });
  test.onTestFinished(async () => {
    await instance.stop();
    await rm(bundle, { recursive: true });
  });
  return { instance, printed: () => printed };
}

describe.concurrent("a function that is invoked", () => {
  it("gets its event parsed, and a context as the cloud gives it", async (test) => {
    const { instance } = await instanceOf(
      test,
      `exports.handler = async (event, context) => ({
        event,
        ...context,
        remaining: context.getRemainingTimeInMillis(),
        payload: context.getPayload(),
      });`,
      { token: "t1.example" },
    );

    const outcome = await instance.call({
      body: "a=1&b=2",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });

    const { remaining, ...context } = JSON.parse(outcome.json) as Record<string, unknown>;
    expect(outcome.status).toBe(200);
    expect(context).toEqual({
      event: { body: "a=1&b=2", headers: { "content-type": "application/x-www-form-urlencoded" } },
      functionName: "small",
      functionVersion: "local",
      memoryLimitInMB: "256",
      requestId: "invoke-1",
      token: { access_token: "t1.example", expires_in: 43_200, token_type: "Bearer" },
      payload: { a: "1", b: "2" },
    });
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(60_000);
  });

  it("sees nothing of this machine but itself and its environment", async (test) => {
    const { instance } = await instanceOf(
      test,
      `const { readdirSync } = require("node:fs");
      exports.handler = () => ({
        files: readdirSync(".", { recursive: true }).sort(),
        names: Object.keys(process.env).sort(),
        found: ["esbuild", "ydb-sdk"].filter((name) => {
          try {
            return require.resolve(name);
          } catch {
            return false;
          }
        }),
      });`,
      { environment: { ORRERY_STORE: "x" } },
    );

    const { json } = await instance.call({});

    expect(JSON.parse(json)).toEqual({
      files: ["functions", "functions/small", "functions/small/index.js"],
      names: ["HOME", "ORRERY_STORE", "PATH"],
      found: [],
    });
  });

  it("keeps what it has from call to call", async (test) => {
    const { instance } = await instanceOf(
      test,
      `let calls = 0;
      exports.handler = () => { console.log("call"); return ++calls; };`,
    );

    const outcomes = [await instance.call({}), await instance.call({})];

    expect(outcomes.map(({ json }) => json)).toEqual(["1", "2"]);
    expect(outcomes.map(({ loadedMs }) => loadedMs !== undefined)).toEqual([true, false]);
  });

  it("does nothing while it is frozen, and goes on where it was", async (test) => {
    const { instance } = await instanceOf(
      test,
      `let ticks = 0;
      exports.handler = () => {
        if (ticks === 0) setInterval(() => ticks++, 1);
        return ticks;
      };`,
    );

    await instance.call({});
    await instance.rest(300);
    const { json } = await instance.call({});

    // 300 ms would have been 300 ticks; at the thaw the interval is due once.
    expect(Number(json)).toBeLessThan(100);
  });

  it("answers 502 with its error, and is called again", async (test) => {
    const { instance } = await instanceOf(
      test,
      `let calls = 0;
      exports.handler = async () => {
        if (++calls === 1) throw new TypeError("Nothing is well");
        return calls;
      };`,
    );

    const [failed, done] = [await instance.call({}), await instance.call({})];

    expect(failed.status).toBe(502);
    const { stackTrace, ...error } = JSON.parse(failed.json) as { stackTrace: string[] };
    expect(error).toEqual({ errorMessage: "Nothing is well", errorType: "TypeError" });
    expect(stackTrace[0]).toContain("functions/small/index.js:3");
    expect(done).toMatchObject({ status: 200, json: "2" });
  });

  it("answers 502 where it ends its process, and where it cannot be loaded", async (test) => {
    const { instance } = await instanceOf(test, `exports.handler = () => process.exit(3);`);
    const { instance: broken } = await instanceOf(test, `throw new Error("Not today");`);
    const { instance: none } = await instanceOf(test, `exports.other = () => 1;`);

    expect(JSON.parse((await instance.call({})).json)).toMatchObject({
      errorMessage: "small ended its process: exit code 3",
    });
    expect(JSON.parse((await broken.call({})).json)).toMatchObject({ errorMessage: "Not today" });
    expect(JSON.parse((await none.call({})).json)).toMatchObject({
      errorMessage: expect.stringContaining("exports no function handler") as string,
    });
  });

  it("answers 504 when its time is up, and begins anew with the next call", async (test) => {
    const { instance } = await instanceOf(
      test,
      `let calls = 0;
      exports.handler = async (event) => {
        calls += 1;
        if (event.hang) await new Promise(() => setInterval(() => undefined, 1_000));
        return calls;
      };`,
      { timeoutMs: 2_000 },
    );

    const outcomes = [await instance.call({ hang: true }), await instance.call({})];

    expect(outcomes[0]).toMatchObject({ status: 504 });
    expect(JSON.parse(outcomes[0]?.json ?? "")).toEqual({
      errorMessage: "small ran longer than its 2 s",
      errorType: "Timeout",
    });
    expect(outcomes[1]).toMatchObject({ status: 200, json: "1" });
  });

  it("has printed everything once it is stopped, and leaves no folder", async (test) => {
    const folders = async (): Promise<readonly string[]> =>
      (await readdir(tmpdir())).filter((name) => name === mine);
    const { instance, printed } = await instanceOf(
      test,
      `exports.handler = () => { console.log("x".repeat(10_000)); return process.cwd(); };`,
    );
    const { json } = await instance.call({});
    const mine = (JSON.parse(json) as string).split("/").at(-1) ?? "";
    expect(await folders()).toHaveLength(1);

    await instance.stop();

    expect(printed()).toBe(`${"x".repeat(10_000)}\n`);
    expect(await folders()).toEqual([]);
  });
});
