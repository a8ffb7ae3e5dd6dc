import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { counterOf } from "../../contract/store-verbs.ts";
import { countersTable } from "../../contract/store-tables.ts";
import { makeSqliteHarness, type SqliteHarness } from "./sqlite-harness.ts";

const SCRIPT = fileURLToPath(new URL("./increment-process.ts", import.meta.url));

let harness: SqliteHarness;
beforeEach(() => {
  harness = makeSqliteHarness([countersTable]);
});
afterEach(async () => {
  await harness.dispose();
});

function startProcess(times: number): ChildProcessByStdio<null, Readable, null> {
  const args = ["--experimental-strip-types", "--no-warnings", SCRIPT, harness.path, String(times)];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

async function linesOf(child: ChildProcessByStdio<null, Readable, null>): Promise<number[]> {
  const values: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) values.push(Number(line));
  return values;
}

describe("several processes on one new file", () => {
  it("make it together and lose no increment", async () => {
    const children = [1, 2, 3].map(() => startProcess(150));

    const values = (await Promise.all(children.map(linesOf))).flat();

    expect(values.toSorted((a, b) => a - b)).toEqual(values.map((_value, index) => index + 1));
    expect(await counterOf(await harness.open(), "n")).toBe(450);
  });
});

describe("a process killed while it writes", () => {
  it("has lost nothing that its store promised, and left nothing half done", async () => {
    for (const linesBeforeKill of [1, 17, 60]) {
      const child = startProcess(1_000_000);
      let promised = 0;
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        promised = Number(line);
        if (++lines === linesBeforeKill) child.kill("SIGKILL");
      }
      if (child.signalCode === null) await once(child, "exit");

      const store = await harness.open();
      const kept = (await counterOf(store, "n")) ?? 0;

      expect(child.signalCode).toBe("SIGKILL");
      expect(kept).toBeGreaterThanOrEqual(promised);
      expect(await counterOf(store, "twin")).toBe(kept);
    }
  });
});
