import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readManifest } from "../../infra/local/manifest.ts";
import { openDataDirectory } from "../../infra/local/wiring.ts";
import { Platform } from "../../infra/local/platform.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { aConfiguration, aJob, aSchedule } from "../support/builders.ts";
import { orrery, orreryJson } from "./cli-world.ts";

let folder: string;
let directory: string;
let platform: Platform;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
  directory = join(folder, "data");
  const options = {
    dataDirectory: directory,
    manifest: readManifest(readFileSync("serverless.yaml", "utf8")),
    host: "127.0.0.1",
    port: 0,
    lines: { write: () => undefined },
    log: "story" as const,
  };
  platform = await Platform.open(options);
  const schedule = (name: string, command: string) =>
    aSchedule({ name, timing: null, work: aJob({ command, root: folder }) });
  await applyConfiguration(
    platform.services,
    aConfiguration({
      schedules: [
        schedule("greet", "echo hello ${WHOM}"),
        schedule("fail", "exit 7"),
        schedule("linger", "echo here; exec sleep 600"),
      ].map((each) => ({ ...each, inputs: { WHOM: "nobody" } })),
    }),
  );
  await platform.run(options, () => undefined);
});
afterEach(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 20 });
});

/** Another process moves here, the platform's job: nothing but looking tells when it has. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const data = (): readonly string[] => ["--data", directory];

describe("a command beside a running platform", () => {
  it("waits for the run it asked for, and exits 0 when that succeeded", async () => {
    const { code, out, err } = await orrery("run", "greet", "-i", "WHOM=you", "--wait", ...data());

    const id = out.trimEnd();
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(`^Run ${id} succeeded in `) as string,
    });
    expect((await orrery("logs", id, ...data())).out).toBe("hello you\n");
  });

  it("exits 1 when the awaited run failed, and says why", async () => {
    const { code, out, err } = await orrery("run", "fail", "--wait", "--json", ...data());

    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ state: "failed", attempts: [{ exitCode: 7 }] });
    expect(err).toMatch(/is failed: .*exit code 7 \[exit_code\] \[RUN_UNSUCCESSFUL\]\n$/);
  });

  it("follows a run from before its start until somebody cancels it", async () => {
    const id = (await orrery("run", "linger", ...data())).out.trimEnd();

    const following = orrery("logs", id, "--follow", ...data());
    await until(async () => (await orrery("logs", id, ...data())).out === "here\n");
    const cancelled = await orrery("cancel", id, ...data());

    expect(cancelled).toMatchObject({ code: 0, err: "" });
    expect(await following).toEqual({ code: 0, out: "here\n", err: "" });
    expect(await orreryJson("show", id, ...data())).toMatchObject({ state: "cancelled" });
  });

  it("sends messages that become runs once, or are set aside", async () => {
    await orrery("send", "greet", "--id", "order-1", ...data());
    await orrery("send", "greet", "--id", "order-1", ...data());
    await orrery("send", "gret", ...data());

    const { journal, store } = openDataDirectory(directory);
    await until(async () => (await journal.list("intake")).length === 0);
    await store.close();
    const { runs } = (await orreryJson("runs", ...data())) as { runs: object[] };
    expect(runs).toEqual([expect.objectContaining({ schedule: "greet", cause: "message" })]);
    expect(await orreryJson("rejected", ...data())).toMatchObject({
      rejections: [{ source: "intake", reason: expect.stringContaining("gret") as string }],
    });
  });
});
