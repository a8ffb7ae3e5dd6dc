import type { Cell } from "./double.ts";

/**
 * Keys as byte strings, one character per byte, whose `<` is the order of the rows: NULL first, text
 * by its UTF-8 bytes, numbers by value. A key that continues another one sorts behind it, so the
 * keys with a common prefix are those from the prefix up to `afterPrefix` of it.
 */

const NULL = "\x00";
const VALUE = "\x01";
/** Larger than either mark, and so than whatever follows a prefix. */
const AFTER = "\x02";

/** Ends a text. A zero inside one is followed by FF, which makes it larger than the end. */
const TEXT_END = "\x00\x00";

/** Text that needs no care: ASCII without a zero. */
const PLAIN = /^[\x01-\x7f]*$/;

export function encodeKey(cells: readonly Cell[]): string {
  let key = "";
  for (const cell of cells) {
    if (cell === null) key += NULL;
    else if (typeof cell === "string") key += VALUE + encodeText(cell);
    else key += VALUE + encodeInteger(cell);
  }
  return key;
}

/** The least key that is behind every key with this prefix. */
export function afterPrefix(prefix: string): string {
  return prefix + AFTER;
}

/** The bytes of a cell as a server counts them. */
export function cellBytes(cell: Cell): number {
  if (cell === null) return 0;
  return typeof cell === "string" ? Buffer.byteLength(cell) : 8;
}

function encodeText(text: string): string {
  if (PLAIN.test(text)) return text + TEXT_END;
  return Buffer.from(text).toString("latin1").replace(/\x00/g, "\x00\xff") + TEXT_END;
}

const bytes = Buffer.alloc(8);

// The shift by 2^63 puts the negative numbers of Int64 first.
function encodeInteger(value: bigint): string {
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value + (1n << 63n)));
  return bytes.toString("latin1");
}
