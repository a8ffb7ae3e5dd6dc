import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDataDirectory, openDataDirectory } from "../../../infra/local/wiring.ts";

let folder: string;
let directory: string;
let holders: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-data-"));
  directory = join(folder, "data");
});
afterEach(() => {
  for (const holder of holders) holder.kill("SIGKILL");
  holders = [];
  rmSync(folder, { recursive: true });
});

const SCRIPT = fileURLToPath(new URL("./lock-process.ts", import.meta.url));

/** Another process that has the lock, once this resolves. */
async function aHolder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["--no-warnings", SCRIPT, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  holders.push(child);
  await once(child.stdout, "data");
  return child;
}

describe("a data directory's lock", () => {
  it("is one platform's, also against another process", async () => {
    await aHolder();

    expect(lockDataDirectory(directory)).toBeUndefined();
  });

  it("is free the moment its holder is killed", async () => {
    const holder = await aHolder();
    holder.kill("SIGKILL");
    await once(holder, "exit");

    const unlock = lockDataDirectory(directory);

    expect(unlock).toBeTypeOf("function");
    unlock?.();
  });

  it("is free again once it is given back", () => {
    const unlock = lockDataDirectory(directory);
    expect(lockDataDirectory(directory)).toBeUndefined();

    unlock?.();
    const again = lockDataDirectory(directory);

    expect(again).toBeTypeOf("function");
    again?.();
  });
});

describe("a data directory that is not there", () => {
  it("is made for this user alone, by whoever opens or locks it", async () => {
    const data = openDataDirectory(directory);
    await data.store.close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "orrery.db")).mode & 0o777).toBe(0o600);

    const other = join(folder, "deep", "other");
    lockDataDirectory(other)?.();
    expect(existsSync(other)).toBe(true);
  });

  it("keeps what jobs and projects have from others, also where it was there before", async () => {
    mkdirSync(directory, { mode: 0o755 });

    await openDataDirectory(directory).store.close();

    for (const name of ["jobs", "projects"]) {
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o700);
    }
  });

  it("may be open in several processes at once", async () => {
    const [one, two] = [openDataDirectory(directory), openDataDirectory(directory)];

    await one.journal.add("intake", { id: "m", body: "b", sentAt: one.clock.now() });

    expect(await two.journal.list("intake")).toMatchObject([{ id: "m", body: "b" }]);
    await Promise.all([one.store.close(), two.store.close()]);
  });
});
