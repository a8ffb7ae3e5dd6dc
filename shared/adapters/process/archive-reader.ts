import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";
import { messageOf } from "../../core/errors.ts";

/** As much as a stream of the system reads at once. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads an archive for the library where the archive tells it to. What an archive says may be
 * anything, and the library passes it on: a position that no file has comes back as an error here.
 * The library's own reader throws it into nobody's hands, and that would end the platform.
 */
export class ArchiveReader extends RandomAccessReader {
  readonly #file: FileHandle;

  /** The file stays open; whoever opened it closes it. */
  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  override read(...call: Parameters<RandomAccessReader["read"]>): void {
    const [buffer, offset, length, position, callback] = call;
    this.#read(buffer.subarray(offset, offset + length), position).then(
      () => {
        callback(null);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(messageOf(error)));
      },
    );
  }

  override close(callback: (error: Error | null) => void): void {
    setImmediate(callback, null);
  }

  /** A stream of the file itself would close it, and the next entry needs it. */
  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let position = start; position < end; position += CHUNK_BYTES) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end - position));
      await this.#read(chunk, position);
      yield chunk;
    }
  }

  async #read(into: Buffer, position: number): Promise<void> {
    const { bytesRead } = await this.#file.read(into, 0, into.length, position);
    if (bytesRead < into.length) throw new Error(`it ends before byte ${position + into.length}`);
  }
}
