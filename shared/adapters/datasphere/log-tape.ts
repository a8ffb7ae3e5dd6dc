import {
  ProjectJobServiceService as jobs,
  StandardStream,
  type LogMessage,
  type ReadProjectJobLogsResponse,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { LOG_STREAMS, type LogStream } from "../../core/job/log-order.ts";
import { limits } from "../../core/limits.ts";
import type { LogChunk } from "../../ports/executor.ts";
import type { DataSphereEngine } from "./engine.ts";

/** A place from which the logs can be read on, and how far each stream is by then. */
interface Mark {
  /** DataSphere's own offset, whatever it counts. */
  readonly offset: number;
  readonly ends: Readonly<Record<LogStream, number>>;
}

const BEGINNING: Mark = { offset: 0, ends: { system: 0, stdout: 0, stderr: 0 } };

/**
 * The logs of one job, which DataSphere gives out as one sequence of messages behind offsets of its
 * own, as three streams of bytes. What was read is remembered by marks, so that reading on does not
 * begin at the beginning, and the latest bytes are kept, so that one look serves all three streams.
 */
export class LogTape {
  readonly #engine: Pick<DataSphereEngine, "session" | "clock">;
  readonly #jobId: string;
  readonly #marks: Mark[] = [BEGINNING];
  /** The latest bytes of each stream; their ends are those of the last mark. */
  readonly #kept: Record<LogStream, Buffer>;
  #quietUntilMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(engine: Pick<DataSphereEngine, "session" | "clock">, jobId: string) {
    this.#engine = engine;
    this.#jobId = jobId;
    const empty = Buffer.alloc(0);
    this.#kept = { system: empty, stdout: empty, stderr: empty };
  }

  /** Bytes of one stream from an offset; empty where there are none by now. One read at a time. */
  async read(stream: LogStream, offset: number): Promise<LogChunk> {
    const read = this.#turn.then(async () => await this.#read(stream, offset));
    this.#turn = read.catch(() => undefined);
    return await read;
  }

  async #read(stream: LogStream, offset: number): Promise<LogChunk> {
    const known = this.#fromKept(stream, offset);
    if (known !== undefined) return known;
    const isAtEnd = offset >= this.#last.ends[stream];
    if (isAtEnd && this.#engine.clock.monotonicMs() < this.#quietUntilMs) return chunkAt(offset);
    const from = isAtEnd ? this.#last : this.#markBefore(stream, offset);
    return await this.#look(from, stream, offset);
  }

  get #last(): Mark {
    return this.#marks.at(-1) ?? BEGINNING;
  }

  #fromKept(stream: LogStream, offset: number): LogChunk | undefined {
    const bytes = this.#kept[stream];
    const start = this.#last.ends[stream] - bytes.length;
    if (offset < start || offset >= start + bytes.length) return undefined;
    return chunkAt(offset, bytes.subarray(offset - start));
  }

  #markBefore(stream: LogStream, offset: number): Mark {
    return this.#marks.findLast(({ ends }) => ends[stream] <= offset) ?? BEGINNING;
  }

  /** Reads on from a mark until there is enough of the stream, or nothing comes any more. */
  async #look(from: Mark, stream: LogStream, offset: number): Promise<LogChunk> {
    const { session, clock } = this.#engine;
    const found: Uint8Array[] = [];
    let bytes = 0;
    let at = from;
    const messages = session.stream(
      jobs.readLogs,
      { jobId: this.#jobId, offset: from.offset },
      { limitMs: limits.datasphereLogMs, quietMs: limits.datasphereLogQuietMs },
    );
    for await (const answer of messages) {
      const ends = { ...at.ends };
      const isNew = at.offset === this.#last.offset;
      for (const message of answer.logs) {
        const of = streamOf(message);
        if (of === undefined) continue;
        const skipped = Math.max(0, offset - ends[of]);
        ends[of] += message.content.length;
        if (isNew) this.#keep(of, message.content);
        if (of !== stream || skipped >= message.content.length) continue;
        found.push(message.content.subarray(skipped));
        bytes += message.content.length - skipped;
      }
      at = { offset: offsetBehind(answer, at), ends };
      if (isNew) this.#mark(at);
      if (bytes >= limits.logChunkBytes) break;
    }
    if (bytes === 0) this.#quietUntilMs = clock.monotonicMs() + limits.datasphereLogQuietMs;
    return chunkAt(offset, Buffer.concat(found));
  }

  #keep(stream: LogStream, content: Uint8Array): void {
    const all = Buffer.concat([this.#kept[stream], content]);
    this.#kept[stream] = all.subarray(Math.max(0, all.length - limits.datasphereLogKeptBytes));
  }

  /** Marks near one another are worth one. */
  #mark(mark: Mark): void {
    const before = this.#marks.at(-2);
    const isNear = before !== undefined && total(mark) - total(before) < limits.logChunkBytes;
    if (isNear || this.#marks.length >= limits.datasphereLogMarks) this.#marks.pop();
    this.#marks.push(mark);
  }
}

function total({ ends }: Mark): number {
  return LOG_STREAMS.reduce((sum, stream) => sum + ends[stream], 0);
}

function offsetBehind(answer: ReadProjectJobLogsResponse, { offset }: Mark): number {
  return Math.max(offset, answer.offset);
}

function chunkAt(offset: number, bytes: Uint8Array = new Uint8Array()): LogChunk {
  const some = bytes.subarray(0, limits.logChunkBytes);
  return { bytes: some, nextOffset: offset + some.length };
}

/** Other files, such as those with figures of the machine, are no logs that anybody reads here. */
function streamOf({ standardStream, filePath }: LogMessage): LogStream | undefined {
  if (standardStream === StandardStream.OUT) return "stdout";
  if (standardStream === StandardStream.ERR) return "stderr";
  return filePath?.endsWith("system.log") === true ? "system" : undefined;
}
