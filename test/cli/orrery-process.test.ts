import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDirectory } from "../../infra/local/wiring.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "orrery-cli-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const NODE = [process.execPath, "--disable-warning=ExperimentalWarning", "cli/orrery.ts"];

function inShell(command: string, input = ""): SpawnSyncReturns<string> {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined };
  return spawnSync("sh", ["-c", command], {
    input,
    encoding: "utf8",
    env: { ...env, ORRERY: NODE.join(" "), ORRERY_DATA: join(directory, "data") },
  });
}

describe("the program itself", () => {
  it("sends what stands on its stdin, and exits with the code of the command", async () => {
    const { status, stdout } = inShell("$ORRERY send --body -", '{"schedule": "nightly"}\n');

    expect({ status, lines: stdout.split("\n").length }).toEqual({ status: 0, lines: 2 });
    const data = openDataDirectory(join(directory, "data"));
    const messages = await data.journal.list("intake");
    await data.store.close();
    expect(messages.map(({ body }) => body)).toEqual(['{"schedule": "nightly"}\n']);
  });

  it("prints no colours into a pipe, and errors beside the result", () => {
    const { status, stdout, stderr } = inShell("$ORRERY runs");

    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toContain("[DATA_NOT_FOUND]");
    expect(stderr).not.toContain("\u001b");
  });

  it("ends quietly when its reader has seen enough", () => {
    const next = "$ORRERY next examples/quickstart/orrery.yaml --count 1000";

    const { stdout, stderr } = inShell(`${next} | head -n 1`);

    expect({ stdout, stderr }).toEqual({ stdout: "daily-revenue (Europe/Moscow)\n", stderr: "" });
  });
});
