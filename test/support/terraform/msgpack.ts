import { assert } from "../../../shared/core/assert.ts";

/** What stands where Terraform does not know a value yet. */
export const unknown = Symbol("unknown");

export type Value =
  | null
  | boolean
  | number
  | string
  | typeof unknown
  | readonly Value[]
  | { readonly [name: string]: Value };

/**
 * Reads a value as Terraform sends it. Of MessagePack it uses no binary strings and one extension,
 * for unknown values.
 * Source: Terraform, "docs/plugin-protocol/object-wire-format.md".
 */
export function decodeMsgpack(bytes: Uint8Array): Value {
  return new Reader(Buffer.from(bytes)).value();
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): Value {
    const byte = this.#number(1);
    if (byte <= 0x7f) return byte;
    if (byte <= 0x8f) return this.#map(byte & 0x0f);
    if (byte <= 0x9f) return this.#array(byte & 0x0f);
    if (byte <= 0xbf) return this.#text(byte & 0x1f);
    if (byte >= 0xe0) return byte - 0x100;
    return this.#long(byte);
  }

  #long(byte: number): Value {
    const width = 1 << (byte & 0x03);
    if (byte === 0xc0) return null;
    if (byte === 0xc2 || byte === 0xc3) return byte === 0xc3;
    if (byte === 0xca) return this.#take(4).readFloatBE();
    if (byte === 0xcb) return this.#take(8).readDoubleBE();
    if (byte >= 0xcc && byte <= 0xcf) return this.#number(width);
    if (byte >= 0xd0 && byte <= 0xd3) return Number(this.#signed(width));
    if (byte >= 0xd4 && byte <= 0xd8) return this.#extension(1 << (byte - 0xd4));
    if (byte >= 0xc7 && byte <= 0xc9) return this.#extension(this.#number(1 << (byte - 0xc7)));
    if (byte >= 0xd9 && byte <= 0xdb) return this.#text(this.#number(1 << (byte - 0xd9)));
    if (byte === 0xdc || byte === 0xdd) return this.#array(this.#number(byte === 0xdc ? 2 : 4));
    assert(byte === 0xde || byte === 0xdf, `Terraform sends no byte ${byte.toString(16)} here`);
    return this.#map(this.#number(byte === 0xde ? 2 : 4));
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, (this.#at += length));
    assert(taken.length === length, "a value ends where its bytes end");
    return taken;
  }

  #number(width: number): number {
    const bytes = this.#take(width);
    return width === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, width);
  }

  #signed(width: number): number | bigint {
    const bytes = this.#take(width);
    return width === 8 ? bytes.readBigInt64BE() : bytes.readIntBE(0, width);
  }

  #text(length: number): string {
    return this.#take(length).toString("utf8");
  }

  #array(length: number): readonly Value[] {
    return Array.from({ length }, () => this.value());
  }

  #map(length: number): Value {
    return Object.fromEntries(Array.from({ length }, () => [this.#key(), this.value()] as const));
  }

  #key(): string {
    const key = this.value();
    assert(typeof key === "string", "names are texts");
    return key;
  }

  #extension(length: number): typeof unknown {
    this.#take(length + 1);
    return unknown;
  }
}
