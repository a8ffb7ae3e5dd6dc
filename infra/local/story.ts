import { attemptIdOf, runKeyOf } from "../../shared/core/ids.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Executor } from "../../shared/ports/executor.ts";
import type { Log, LogEntry } from "../../shared/ports/log.ts";
import { JobOutput } from "./job-output.ts";
import { Narrator, type Lines } from "./narrator.ts";

/** Log lines behind which a job's output begins. */
const BEGINNINGS = ["run.started", "run.found"];

/** Log lines that no output of the job may follow. */
const ENDS = ["run.succeeded", "run.failed", "run.timedOut", "run.cancelled", "run.retried"];

/**
 * The terminal's story: log lines, with each job's own output in its place between them. Lines are
 * told in the order they come; one that ends an attempt waits until its output is printed.
 */
export class Story implements Log {
  readonly #narrator: Narrator;
  readonly #follow: (entry: LogEntry) => JobOutput | undefined;
  readonly #outputs = new Map<unknown, JobOutput>();
  #told: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    lines: Lines,
    world: { readonly clock: Clock & Alarms; readonly executor: Pick<Executor, "readLog"> },
  ) {
    const narrator = new Narrator(lines, world.clock);
    this.#narrator = narrator;
    this.#follow = (entry) => {
      const key = runKeyOf(String(entry.fields["run"]));
      if (key === undefined) return undefined;
      const attempt = attemptIdOf(key.run, Number(entry.fields["attempt"]));
      return new JobOutput(attempt, {
        ...world,
        print: (line) => narrator.output(key.schedule, line),
      });
    };
  }

  write(entry: LogEntry): void {
    if (this.#waiting === 0 && this.#outputOf(entry) === undefined) {
      this.#tell(entry);
      return;
    }
    this.#waiting += 1;
    this.#told = this.#told.then(async () => {
      // Looked up only now: the start of the same attempt may have been told just before.
      await this.#outputOf(entry)?.end();
      if (ENDS.includes(entry.name)) this.#outputs.delete(entry.fields["run"]);
      this.#tell(entry);
      this.#waiting -= 1;
    });
  }

  /** Resolves once everything so far is told. */
  async settled(): Promise<void> {
    await this.#told;
    for (const output of this.#outputs.values()) await output.end();
    this.#outputs.clear();
  }

  #outputOf(entry: LogEntry): JobOutput | undefined {
    return ENDS.includes(entry.name) ? this.#outputs.get(entry.fields["run"]) : undefined;
  }

  #tell(entry: LogEntry): void {
    this.#narrator.write(entry);
    if (!BEGINNINGS.includes(entry.name) || this.#outputs.has(entry.fields["run"])) return;
    const output = this.#follow(entry);
    if (output !== undefined) this.#outputs.set(entry.fields["run"], output);
  }
}
