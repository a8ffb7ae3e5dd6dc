import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { FunctionManifest } from "../local/manifest.ts";
import { RUNTIME } from "./runtime.ts";

export interface InstanceOptions {
  readonly called: FunctionManifest;
  /** The folder that the function was built into. */
  readonly bundle: string;
  /** All that the function sees of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The IAM token that every call carries. */
  readonly token?: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock & Alarms;
  /** What the function prints, as it comes. */
  readonly print: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

/** How a call ended, as the platform tells its caller. */
export interface Outcome {
  /** 200; 502 for a handler that failed or ended its process; 504 for one that took too long. */
  readonly status: 200 | 502 | 504;
  /** What the caller is sent: the result, or the error. */
  readonly json: string;
  readonly tookMs: number;
  /** How long the code took to load, where this call was the first of its instance. */
  readonly loadedMs?: number;
}

/** What the runtime says over its channel. */
type Told =
  | { readonly kind: "loaded"; readonly tookMs: number }
  | { readonly kind: "answered"; readonly tookMs: number; readonly json: string }
  | { readonly kind: "failed"; readonly tookMs: number; readonly error: object };

/** The life of a token as the cloud hands it out: twelve hours. */
const TOKEN_SECONDS = 12 * 60 * 60;

/**
 * One instance of a function: a process of its own in a folder that holds the unpacked archive and
 * nothing else.
 *
 * I1 It is frozen whenever no call is under way, and thawed by the next one.
 * I2 A call that takes too long ends with its instance: the next call has a new one.
 * I3 Its folder is gone once `stop` has resolved.
 */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #calls = 0;

  private constructor(options: InstanceOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  /** Unpacks the function; it starts with its first call. */
  static async make(options: InstanceOptions): Promise<Instance> {
    const folder = await mkdtemp(join(tmpdir(), "orrery-invoke-"));
    await cp(options.bundle, join(folder, dirname(options.called.handler)), { recursive: true });
    return new Instance(options, folder);
  }

  /** Calls the handler; never rejects for what it does. */
  async call(event: unknown): Promise<Outcome> {
    const { child, loaded } = this.#child === undefined ? this.#start() : this.#thaw(this.#child);
    const { called, token, timeoutMs } = this.#options;
    const told = nextTold(child);
    child.send({
      event,
      timeoutMs,
      context: {
        functionName: called.name,
        functionVersion: "local",
        memoryLimitInMB: String(called.memoryMb),
        requestId: `invoke-${++this.#calls}`,
        ...(token === undefined ? {} : { token: tokenOf(token) }),
      },
    });
    const outcome = await this.#within(told, child);
    if (outcome.status === 504 || child.exitCode !== null || child.signalCode !== null) {
      await this.#kill();
    } else child.kill("SIGSTOP");
    const loadedMs = (await loaded)?.tookMs;
    return { ...outcome, ...(loadedMs === undefined ? {} : { loadedMs }) };
  }

  /** Stays frozen for so long. */
  async rest(ms: number): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      clock.set(plusMs(clock.now(), ms), resolve);
    });
  }

  /** Ends the instance as the platform ends an idle one: SIGTERM, and SIGKILL soon after. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await Promise.race([once(child, "close"), this.rest(limits.invokeKillMs)]);
      await this.#kill();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #start(): Started {
    const { called, environment, print } = this.#options;
    const [entry, exported] = splitHandler(called.handler);
    const child = spawn(
      process.execPath,
      ["-e", RUNTIME, join(this.#folder, `${entry}.js`), exported],
      {
        cwd: this.#folder,
        // A home of its own: Node looks for packages in there, too.
        env: { PATH: "", HOME: this.#folder, ...environment },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
        serialization: "json",
      },
    );
    child.stdout?.on("data", (bytes: Buffer) => print("stdout", bytes));
    child.stderr?.on("data", (bytes: Buffer) => print("stderr", bytes));
    child.on("error", () => undefined); // Its exit tells.
    this.#child = child;
    return { child, loaded: loadedOf(child) };
  }

  #thaw(child: ChildProcess): Started {
    child.kill("SIGCONT");
    return { child, loaded: Promise.resolve(undefined) };
  }

  async #within(told: Promise<Told | undefined>, child: ChildProcess): Promise<Outcome> {
    const { clock, timeoutMs, called } = this.#options;
    const startedMs = clock.monotonicMs();
    let cancel = (): void => undefined;
    const late = new Promise<"late">((resolve) => {
      cancel = clock.set(plusMs(clock.now(), timeoutMs), () => resolve("late"));
    });
    const end = await Promise.race([told, late]);
    cancel();
    const tookMs = clock.monotonicMs() - startedMs;
    if (end === "late") {
      const errorMessage = `${called.name} ran longer than its ${timeoutMs / 1_000} s`;
      return { status: 504, tookMs, json: JSON.stringify({ errorMessage, errorType: "Timeout" }) };
    }
    if (end === undefined) {
      const how = child.signalCode ?? `exit code ${child.exitCode ?? "unknown"}`;
      const errorMessage = `${called.name} ended its process: ${how}`;
      return { status: 502, tookMs, json: JSON.stringify({ errorMessage, errorType: "Exit" }) };
    }
    if (end.kind === "answered") return { status: 200, tookMs: end.tookMs, json: end.json };
    const error = end.kind === "failed" ? end.error : {};
    return { status: 502, tookMs: end.tookMs, json: JSON.stringify(error) };
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // Closed and not just ended: what it printed last has been read by then.
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly loaded: Promise<{ readonly tookMs: number } | undefined>;
}

function splitHandler(handler: string): readonly [string, string] {
  const at = handler.lastIndexOf(".");
  return [handler.slice(0, at), handler.slice(at + 1)];
}

function tokenOf(token: string): object {
  return { access_token: token, expires_in: TOKEN_SECONDS, token_type: "Bearer" };
}

async function loadedOf(child: ChildProcess): Promise<{ readonly tookMs: number } | undefined> {
  const told = await messageOf(child, ({ kind }) => kind === "loaded");
  return told;
}

async function nextTold(child: ChildProcess): Promise<Told | undefined> {
  return await messageOf(child, ({ kind }) => kind !== "loaded");
}

/** The next message of a kind; undefined where the process ends before it. */
async function messageOf(
  child: ChildProcess,
  isWanted: (told: Told) => boolean,
): Promise<Told | undefined> {
  return await new Promise((resolve) => {
    const done = (told: Told | undefined): void => {
      child.off("message", hear);
      child.off("exit", gone);
      resolve(told);
    };
    const hear = (told: unknown): void => {
      if (isWanted(told as Told)) done(told as Told);
    };
    const gone = (): void => done(undefined);
    child.on("message", hear);
    child.on("exit", gone);
  });
}
