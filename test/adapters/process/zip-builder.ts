import { crc32, deflateRawSync } from "node:zlib";

/** An entry of an archive by hand, so that it can also say what is not so. */
export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** Mode bits as Unix has them, kind included; left out, the archive says nothing. */
  readonly mode?: number;
  /** The size it claims, where that is a lie. */
  readonly claims?: number;
}

/** A ZIP archive of deflated entries. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const table: Buffer[] = [];
  let offset = 0;
  for (const { name, content = "", mode = 0, claims } of entries) {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const path = Buffer.from(name);
    // Flag 11: names are UTF-8. Method 8: deflate.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(1 << 11, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims ?? plain.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([signature(0x04034b50), common, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    // Made by version 2.0 on Unix.
    table.push(Buffer.concat([signature(0x02014b50), Buffer.from([20, 3]), common, rest, path]));
    locals.push(local);
    offset += local.length;
  }
  const contents = Buffer.concat(table);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(contents.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, contents, signature(0x06054b50), end]);
}

/** A large archive's ending alone: how many entries it says there are, and where their table is. */
export function zipEnding(entries: bigint, tableAt: bigint): Buffer {
  const record = Buffer.alloc(52);
  record.writeBigUInt64LE(entries, 28);
  record.writeBigUInt64LE(tableAt, 44);
  return Buffer.concat([
    ...[signature(0x06064b50), record],
    ...[signature(0x07064b50), Buffer.alloc(16)],
    ...[signature(0x06054b50), Buffer.alloc(18)],
  ]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
