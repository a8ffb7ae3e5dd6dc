import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { main } from "../../cli/main.ts";
import type { Style, Terminal } from "../../cli/terminal.ts";
import {
  commandServices,
  openDataDirectory,
  type DataDirectory,
} from "../../infra/local/wiring.ts";
import { assert } from "../../shared/core/assert.ts";
import { scheduleName, type RunId } from "../../shared/core/ids.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import { isFinal, type Run } from "../../shared/core/run/run.ts";
import { instant, type Instant } from "../../shared/core/time/instant.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { findRun } from "../../shared/usecases/find-run.ts";
import { requestRun } from "../../shared/usecases/request-run.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { submitRun } from "../../shared/usecases/submit-run.ts";
import { watchRun } from "../../shared/usecases/watch-run.ts";
import { ScriptedExecutor, type Script } from "../support/scripted-executor.ts";

/** What a command line printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A terminal that keeps what is printed. */
export class KeptTerminal implements Terminal {
  text = { stdout: "", stderr: "" };
  /** How it dresses text; plain unless a test wants to see it. */
  dress: Terminal["dress"] = (_style: Style, text: string) => text;

  out(line: string): void {
    this.text.stdout += `${line}\n`;
  }

  err(line: string): void {
    this.text.stderr += `${line}\n`;
  }

  bytes(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    this.text[stream] += Buffer.from(bytes).toString("latin1");
  }
}

/** Runs one command line in this process. */
export async function orrery(...args: readonly string[]): Promise<Printed> {
  return await orreryOn(new KeptTerminal(), ...args);
}

export async function orreryOn(
  terminal: KeptTerminal,
  ...args: readonly string[]
): Promise<Printed> {
  const code = await main(terminal, args);
  return { code, out: terminal.text.stdout, err: terminal.text.stderr };
}

/** What `--json` printed. */
export async function orreryJson(...args: readonly string[]): Promise<unknown> {
  return JSON.parse((await orrery(...args, "--json")).out);
}

/**
 * A data directory that commands find, prepared through the use cases themselves. Nothing moves in
 * it but by the test: there is no platform. Executions are scripted, or real processes.
 */
export class CliWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
  /** The data directory. */
  readonly directory = join(this.folder, "data");
  readonly data: DataDirectory = openDataDirectory(this.directory);
  readonly services: Services;
  #script: Script | undefined;
  #asked = 0;
  #busyAt = instant(0);

  constructor(executions: "scripted" | "real" = "scripted") {
    const services = commandServices(this.data, { write: () => undefined });
    const scripted = new ScriptedExecutor(this.data.clock, () => this.#script);
    this.services = executions === "real" ? services : { ...services, executor: scripted };
  }

  async close(): Promise<void> {
    await this.data.store.close();
    rmSync(this.folder, { recursive: true, maxRetries: 20, retryDelay: 20 });
  }

  async apply(configuration: Configuration): Promise<void> {
    await applyConfiguration(this.services, configuration);
  }

  /** A run that somebody asked for and nobody has looked at. */
  async ask(schedule = "nightly", inputs: Readonly<Record<string, string>> = {}): Promise<RunId> {
    this.#asked += 1;
    const askedAt = await this.#laterInstant();
    const requested = await requestRun(this.services, {
      schedule: scheduleName(schedule),
      cause: { kind: "person", id: `person-${this.#asked}` },
      askedAt,
      inputs,
    });
    assert(requested.outcome === "made", `a run of ${schedule} was made`);
    return requested.run;
  }

  /** A run that was asked for and decided on; if it starts, its execution acts out the script. */
  async submit(script?: Script, schedule?: string): Promise<RunId> {
    const id = await this.ask(schedule);
    this.#script = script;
    await submitRun(this.services, id);
    this.#busyAt = this.services.clock.now();
    return id;
  }

  /** Watches a run until it has ended: real processes take their time. */
  async untilEnded(id: RunId): Promise<Run> {
    for (;;) {
      await watchRun(this.services, id);
      const run = await this.run(id);
      if (isFinal(run.state)) return run;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** What happens in one millisecond has no order but that of ids, so each run has its own. */
  async #laterInstant(): Promise<Instant> {
    for (;;) {
      const now = this.services.clock.now();
      if (now > this.#busyAt) return (this.#busyAt = now);
      await setImmediate();
    }
  }

  async run(id: RunId): Promise<Run> {
    return await this.services.store.snapshot(async (reader) => await findRun(reader, id));
  }
}
