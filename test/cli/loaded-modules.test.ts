import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LIST_MODULES = new URL("./loaded-modules.ts", import.meta.url).href;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-loaded-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The modules that a command line loads, as URLs; it may fail. */
async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  const list = join(folder, "loaded");
  const own = ["--disable-warning=ExperimentalWarning", "--import", LIST_MODULES];
  const environment = { ...process.env, LOADED_MODULES: list };
  await run(process.execPath, [...own, "cli/orrery.ts", ...args], {
    cwd: ROOT,
    env: environment,
  }).catch(() => undefined);
  return readFileSync(list, "utf8").split("\n");
}

const ofYdb = (urls: readonly string[]): readonly string[] =>
  urls.filter((url) => /node_modules\/ydb|adapters\/ydb\//.test(url));

const ofQueueService = (urls: readonly string[]): readonly string[] =>
  urls.filter((url) => /node_modules\/@(aws-sdk|smithy)\/|ymq\/service-queues/.test(url));

describe("who has the queues in memory", () => {
  it("loads nothing that talks to a queue service", async () => {
    const data = join(folder, "queues");
    const platform = await loadedBy("up", "--data", data, "--port", "0", "--until-idle");
    const sent = await loadedBy("send", "asked", "--data", data);

    expect(sent.some((url) => url.endsWith("cli/commands/send.ts"))).toBe(true);
    expect(ofQueueService([...platform, ...sent])).toEqual([]);
  });

  it("would be seen to load it", async () => {
    process.env["AWS_ACCESS_KEY_ID"] = "id";
    process.env["AWS_SECRET_ACCESS_KEY"] = "secret";
    const loaded = await loadedBy("send", "asked", "--queue", "sqs://127.0.0.1:1/o");

    expect(ofQueueService(loaded).some((url) => url.includes("client-sqs"))).toBe(true);
  });
});

describe("who keeps the state in SQLite", () => {
  it("loads nothing of YDB, be it a platform or a command", async () => {
    const data = join(folder, "data");
    const platform = await loadedBy("up", "--data", data, "--port", "0", "--until-idle");
    const command = await loadedBy("runs", "--data", data);

    expect(platform.some((url) => url.endsWith("infra/local/platform.ts"))).toBe(true);
    expect(command.some((url) => url.endsWith("sqlite/sqlite-store.ts"))).toBe(true);
    expect(ofYdb([...platform, ...command])).toEqual([]);
  });

  it("would be seen to load it", async () => {
    const loaded = ofYdb(await loadedBy("runs", "--store", "ydb://127.0.0.1:1/", "--data", folder));

    expect(loaded.some((url) => url.includes("node_modules/ydb-sdk/"))).toBe(true);
  });
});
