import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { crc32, createDeflateRaw } from "node:zlib";

/** A file on its way into an archive. */
export interface ArchivedFile {
  /** Relative, with forward slashes. */
  readonly name: string;
  open(): AsyncIterable<Uint8Array>;
}

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly crc: number;
  readonly packed: number;
  readonly bytes: number;
}

/** Names are UTF-8, and sizes come behind the data: nothing has to be known before it is read. */
const FLAGS = 0x0808;
const DEFLATED = 8;
const VERSION = 20;
/** 1980-01-01, the first date there is: the same files always give the same archive. */
const DATE = 0x0021;
const PLAIN_FILE = 0o100644 << 16;

/**
 * A ZIP archive of these files, as a stream: the same bytes for the same files, whoever packs them
 * and whenever. What is in it together stays under 4 GiB, which the caller sees to.
 */
export async function* archiveOf(files: readonly ArchivedFile[]): AsyncGenerator<Buffer> {
  const written: Written[] = [];
  let offset = 0;
  for (const file of files) {
    const name = Buffer.from(file.name);
    const head = Buffer.concat([localHeader(name), name]);
    yield head;
    const start = offset;
    offset += head.length;
    const counted = { crc: 0, bytes: 0, packed: 0 };
    for await (const chunk of packed(file, counted)) {
      counted.packed += chunk.length;
      yield chunk;
    }
    const tail = descriptor(counted);
    yield tail;
    offset += counted.packed + tail.length;
    written.push({ name, offset: start, ...counted });
  }
  const directory = Buffer.concat(written.flatMap((each) => [centralHeader(each), each.name]));
  yield directory;
  yield ending(written.length, directory.length, offset);
}

async function* packed(
  file: ArchivedFile,
  counted: { crc: number; bytes: number },
): AsyncGenerator<Buffer> {
  async function* counting(): AsyncGenerator<Uint8Array> {
    for await (const chunk of file.open()) {
      counted.crc = crc32(chunk, counted.crc);
      counted.bytes += chunk.length;
      yield chunk;
    }
  }
  // Compressed fast: it is read twice, once for its hash and once for its upload.
  const deflate = createDeflateRaw({ level: 1 });
  const done = pipeline(Readable.from(counting(), { objectMode: false }), deflate);
  done.catch(() => undefined);
  yield* deflate as AsyncIterable<Buffer>;
  await done;
}

function localHeader(name: Buffer): Buffer {
  return fields([
    [4, 0x04034b50],
    [2, VERSION],
    [2, FLAGS],
    [2, DEFLATED],
    [2, 0],
    [2, DATE],
    [4, 0],
    [4, 0],
    [4, 0],
    [2, name.length],
    [2, 0],
  ]);
}

function descriptor({ crc, packed, bytes }: Omit<Written, "name" | "offset">): Buffer {
  return fields([
    [4, 0x08074b50],
    [4, crc],
    [4, packed],
    [4, bytes],
  ]);
}

function centralHeader({ name, offset, crc, packed, bytes }: Written): Buffer {
  return fields([
    [4, 0x02014b50],
    [2, (3 << 8) | VERSION],
    [2, VERSION],
    [2, FLAGS],
    [2, DEFLATED],
    [2, 0],
    [2, DATE],
    [4, crc],
    [4, packed],
    [4, bytes],
    [2, name.length],
    [2, 0],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, PLAIN_FILE],
    [4, offset],
  ]);
}

function ending(count: number, directoryBytes: number, directoryAt: number): Buffer {
  return fields([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directoryBytes],
    [4, directoryAt],
    [2, 0],
  ]);
}

/** Numbers in little-endian order, each with its width in bytes. */
function fields(parts: readonly (readonly [2 | 4, number])[]): Buffer {
  const buffer = Buffer.alloc(parts.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of parts) {
    at = width === 2 ? buffer.writeUInt16LE(value, at) : buffer.writeUInt32LE(value >>> 0, at);
  }
  return buffer;
}
