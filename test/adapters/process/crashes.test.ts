import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  identityOf,
  parseIdentity,
  type ProcessIdentity,
} from "../../../shared/adapters/process/process-identity.ts";
import { SUPERVISOR_SCRIPT } from "../../../shared/adapters/process/supervisor-script.ts";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { eventually, freshAttempt, resultOf } from "../../contract/executor.ts";
import { processWorld, realClock, type ProcessWorld } from "./process-world.ts";

let world: ProcessWorld;
beforeEach(async () => {
  world = await processWorld();
});
afterEach(async () => {
  await world.dispose();
});

const UNTIL_TOLD = "while [ ! -e go ]; do sleep 0.02; done";
const tell = async (attempt: AttemptId): Promise<void> =>
  await writeFile(await world.launchFile(attempt, "work/go"), "");
const supervisorOf = async (attempt: AttemptId): Promise<number> =>
  Number.parseInt(await readFile(await world.launchFile(attempt, "pid"), "utf8"), 10);

describe("an execution whose platform was killed", () => {
  it("runs on, and the next platform sees it to its end and hears of it", async () => {
    const request = world.request({
      command: `echo one; ${UNTIL_TOLD}; echo two >out; exit 6`,
      outputs: [{ path: "out" }],
    });
    const starter = fileURLToPath(new URL("./start-and-hold.ts", import.meta.url));
    const platform = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", starter, world.directory, JSON.stringify(request)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(platform.stdout, "data");
    platform.kill("SIGKILL");
    await once(platform, "exit");
    const heard: AttemptId[] = [];
    const next = world.reopen();
    next.onEnded((attempt) => heard.push(attempt));

    expect(await next.poll(request.attempt)).toMatchObject({ state: "running" });
    await next.start(request);
    await tell(request.attempt);
    await eventually(() => Promise.resolve(heard.length > 0 ? true : undefined));

    expect(heard).toEqual([request.attempt]);
    expect(await resultOf(next, request.attempt)).toMatchObject({
      ending: "exited",
      exitCode: 6,
      outputs: [{ path: "out", bytes: 4 }],
    });
    expect(await world.log(request.attempt)).toBe("one\n");
  });
});

describe("an execution that vanishes", () => {
  it("is lost when its whole group was killed by somebody else", async () => {
    const request = world.request({ command: UNTIL_TOLD });
    await world.executor.start(request);

    process.kill(-(await supervisorOf(request.attempt)), "SIGKILL");

    const result = await resultOf(world.executor, request.attempt);
    expect(result.ending).toBe("lost");
    expect(result).not.toHaveProperty("exitCode");
    expect(result.finishedAt).toBeGreaterThanOrEqual(result.startedAt);
  });

  it("is lost without its supervisor, and its program is not left running", async () => {
    const request = world.request({ command: `echo $$; ${UNTIL_TOLD}` });
    await world.executor.start(request);
    const program = await eventually(async () => {
      const pid = Number.parseInt(await world.log(request.attempt), 10);
      return Number.isNaN(pid) ? undefined : pid;
    });

    process.kill(await supervisorOf(request.attempt), "SIGKILL");

    expect((await resultOf(world.executor, request.attempt)).ending).toBe("lost");
    expect(await identityOf(program)).toBeUndefined();
  });

  it("is lost when another process has its id by now, and that one is left alone", async () => {
    const request = world.request({ command: UNTIL_TOLD });
    await world.executor.start(request);
    const group = await supervisorOf(request.attempt);
    const bystander = spawn("sleep", ["600"], { detached: true });
    try {
      const record = await world.launchFile(request.attempt, "pid");
      const [, , born = ""] = (await readFile(record, "utf8")).split("\n");
      await writeFile(record, `${bystander.pid ?? 0}\nan-earlier-boot\n${born}\n`);

      await world.executor.stop(request.attempt, "kill", "cancelled");
      const result = await resultOf(world.executor, request.attempt);

      expect(result.ending).toBe("lost");
      expect(await identityOf(bystander.pid ?? 0)).toBeDefined();
    } finally {
      bystander.kill("SIGKILL");
      process.kill(-group, "SIGKILL");
    }
  });

  it("is killed by the wall clock when the machine slept through its hard limit", async () => {
    // It does not end when asked: a slow machine may come to its soft limit first.
    const request = world.request({ command: `trap '' TERM; echo begun; ${UNTIL_TOLD}` });
    await world.executor.start(request);
    await eventually(async () => (await world.log(request.attempt)) || undefined);
    const later = {
      ...realClock,
      now: () => plusMs(realClock.now(), request.hardLimitMs + 10_000),
    };

    const result = await resultOf(world.reopen(later), request.attempt);

    expect(result).toMatchObject({ ending: "timedOut", exitCode: 137 });
  });
});

/** The record of a supervisor, once it is whole. */
async function identityFile(path: string): Promise<ProcessIdentity | undefined> {
  return parseIdentity(await readFile(path, "utf8").catch(() => ""));
}

/** What a platform leaves that dies between starting a supervisor and its claim. */
async function orphanedLaunch(owner: ProcessIdentity): Promise<{
  readonly attempt: AttemptId;
  readonly supervise: (path?: string) => Promise<void>;
  readonly began: () => Promise<string>;
}> {
  const attempt = freshAttempt();
  const place = join(world.directory, "attempts", attempt);
  await mkdir(join(place, "tickets"), { recursive: true });
  await mkdir(join(place, "orphan", "work"), { recursive: true });
  await writeFile(join(place, "orphan", "limit"), "timedOut\n");
  const plan = { instanceType: "c1.4", outputs: [], hardLimitMs: 60_000, graceMs: 1_000 };
  const ticket = JSON.stringify({ token: "orphan", ...owner, plan });
  await writeFile(join(place, "tickets", "orphan"), ticket);
  const began = join(world.root, `began-${attempt}`);
  return {
    attempt,
    async supervise(path = process.env["PATH"] ?? "") {
      const supervisor = spawn(
        "/bin/sh",
        ["-c", SUPERVISOR_SCRIPT, "sh", "orphan", `echo began >>${began}`].concat([
          "60",
          "60",
          "1",
          "TERM",
          path,
        ]),
        { cwd: place, detached: true, stdio: "ignore" },
      );
      await once(supervisor, "exit");
    },
    began: async () => await readFile(began, "utf8").catch(() => ""),
  };
}

describe("a launch nobody knows the fate of", () => {
  const dead: ProcessIdentity = { pid: process.pid, born: "another boot 1" };

  it("is over once a poll has answered unknown: its supervisor runs nothing", async () => {
    const { attempt, supervise, began } = await orphanedLaunch(dead);

    expect(await world.executor.poll(attempt)).toEqual({ state: "unknown" });
    await supervise();

    expect(await began()).toBe("");
    expect(await world.executor.poll(attempt)).toEqual({ state: "unknown" });
  });

  it("is over even for a supervisor that stood right before its claim", async () => {
    const { attempt, supervise, began } = await orphanedLaunch(dead);
    const place = join(world.directory, "attempts", attempt);
    const bin = join(world.root, "bin");
    await mkdir(bin);
    const slow = `#!/bin/sh\n${UNTIL_TOLD}\nPATH=\${PATH#*:} exec ln "$@"\n`;
    await writeFile(join(bin, "ln"), slow);
    await chmod(join(bin, "ln"), 0o755);
    const supervised = supervise(`${bin}:${process.env["PATH"] ?? ""}`);
    await eventually(async () => await identityFile(join(place, "orphan", "pid")));

    const before = await world.executor.poll(attempt);
    await writeFile(join(place, "go"), "");
    await supervised;

    expect(before).toEqual({ state: "unknown" });
    expect(await world.executor.poll(attempt)).toEqual({ state: "unknown" });
    expect(await began()).toBe("");
  });

  it("is the execution where its supervisor made the claim before the poll", async () => {
    const { attempt, supervise, began } = await orphanedLaunch(dead);

    await supervise();

    expect(await resultOf(world.executor, attempt)).toMatchObject({ exitCode: 0 });
    expect(await began()).toBe("began\n");
  });

  it("is preparing while the process that makes it lives", async () => {
    const self = await identityOf(process.pid);
    const { attempt, supervise, began } = await orphanedLaunch(self ?? dead);

    expect(await world.executor.poll(attempt)).toEqual({ state: "preparing" });
    await supervise();

    expect(await began()).toBe("began\n");
  });

  it("either runs or is unknown, whoever comes first", async () => {
    for (let round = 0; round < 12; round += 1) {
      const { attempt, supervise, began } = await orphanedLaunch(dead);
      const supervised = supervise();
      // Spreads the polls over the few milliseconds the supervisor takes to its claim.
      await pause(round / 2);
      const { state } = await world.executor.poll(attempt);
      await supervised;

      expect(await began()).toBe(state === "unknown" ? "" : "began\n");
    }
  });
});

describe("an execution whose records a loss of power took", () => {
  it("is lost, not stuck", async () => {
    const request = world.request({ command: UNTIL_TOLD });
    await world.executor.start(request);
    const group = await supervisorOf(request.attempt);
    process.kill(-group, "SIGKILL");
    await writeFile(await world.launchFile(request.attempt, "pid"), "");

    expect((await resultOf(world.executor, request.attempt)).ending).toBe("lost");
  });
});
