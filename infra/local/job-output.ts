import { TextDecoder } from "node:util";
import { messageOf } from "../../shared/core/errors.ts";
import type { AttemptId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { Executor, LogStream } from "../../shared/ports/executor.ts";

const STREAMS: readonly LogStream[] = ["stdout", "stderr"];

export interface JobOutputOptions {
  readonly executor: Pick<Executor, "readLog">;
  readonly clock: Clock & Alarms;
  /** Called with each whole line, and with what is left of the last one at the end. */
  readonly print: (line: string) => void;
}

/** How far one stream is printed. */
interface StreamPosition {
  readonly stream: LogStream;
  readonly decoder: TextDecoder;
  offset: number;
  /** The beginning of a line that has no end yet. */
  rest: string;
}

/**
 * Follows what one attempt prints, line by line, until it is told that the attempt has ended.
 *
 * J1 One read at a time, so no line is printed twice.
 * J2 After `end` nothing is read or printed, and no alarm is left.
 * J3 Output that cannot be read is said to be so once; a story goes on without it.
 */
export class JobOutput {
  readonly #attempt: AttemptId;
  readonly #options: JobOutputOptions;
  readonly #streams: readonly StreamPosition[];
  #reading: Promise<void> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #unreadable = false;
  #cancel = (): void => undefined;

  constructor(attempt: AttemptId, options: JobOutputOptions) {
    this.#attempt = attempt;
    this.#options = options;
    this.#streams = STREAMS.map((stream) => {
      return { stream, decoder: new TextDecoder(), offset: 0, rest: "" };
    });
    this.#follow();
  }

  /** Prints what is left, and stops. Repeating it waits for the first. */
  async end(): Promise<void> {
    this.#ending ??= this.#finish();
    await this.#ending;
  }

  async #finish(): Promise<void> {
    this.#cancel();
    await this.#reading;
    await this.#read();
    for (const stream of this.#streams) {
      const rest = stream.rest + stream.decoder.decode();
      if (rest !== "") this.#options.print(rest);
    }
  }

  #follow(): void {
    const { clock } = this.#options;
    this.#cancel = clock.set(plusMs(clock.now(), limits.outputFollowMs), () => {
      this.#reading = this.#read();
      void this.#reading.then(() => {
        if (this.#ending === undefined && !this.#unreadable) this.#follow();
      });
    });
  }

  async #read(): Promise<void> {
    if (this.#unreadable) return;
    try {
      for (const stream of this.#streams) await this.#readStream(stream);
    } catch (error) {
      this.#unreadable = true;
      this.#options.print(`(its output cannot be read: ${messageOf(error)})`);
    }
  }

  async #readStream(stream: StreamPosition): Promise<void> {
    const { executor, print } = this.#options;
    for (;;) {
      const chunk = await executor.readLog(this.#attempt, stream.stream, stream.offset);
      if (chunk.bytes.length === 0) return;
      stream.offset = chunk.nextOffset;
      const text = stream.decoder.decode(chunk.bytes, { stream: true });
      const lines = (stream.rest + text).split("\n");
      stream.rest = lines.pop() ?? "";
      for (const line of lines) print(line);
    }
  }
}
