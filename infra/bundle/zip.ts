import { crc32, deflateRawSync } from "node:zlib";

/** A file of an archive. */
export interface ZipEntry {
  /** With slashes, relative. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** 1 January 1980, where the format's time begins: what is packed when is nobody's business. */
const DATE = 0x0021;
const VERSION = 20;
const DEFLATED = 8;
/** Names are UTF-8. */
const UTF_8 = 1 << 11;
/** A plain file that everybody may read: mode 0644 in the upper half, made on Unix. */
const MADE_ON_UNIX = (3 << 8) | VERSION;
const ATTRIBUTES = (0o100644 << 16) >>> 0;

/** A zip archive of the files; the same files in the same order give the same bytes. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { local, central } = packed(entry, offset);
    parts.push(...local);
    directory.push(central);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** One file's header and bytes, and what the directory says of it. */
function packed(
  { path, bytes }: ZipEntry,
  offset: number,
): { readonly local: readonly Buffer[]; readonly central: Buffer } {
  const name = Buffer.from(path, "utf8");
  const body = deflateRawSync(bytes, { level: 9 });
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(VERSION, 0);
  facts.writeUInt16LE(UTF_8, 2);
  facts.writeUInt16LE(DEFLATED, 4);
  facts.writeUInt16LE(DATE, 8);
  facts.writeUInt32LE(crc32(bytes), 10);
  facts.writeUInt32LE(body.length, 14);
  facts.writeUInt32LE(bytes.length, 18);
  facts.writeUInt16LE(name.length, 22);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(ATTRIBUTES, 6);
  rest.writeUInt32LE(offset, 10);
  const made = Buffer.alloc(2);
  made.writeUInt16LE(MADE_ON_UNIX, 0);
  return {
    local: [signature(0x04034b50), facts, name, body],
    central: Buffer.concat([signature(0x02014b50), made, facts, rest, name]),
  };
}

function signature(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value, 0);
  return buffer;
}
