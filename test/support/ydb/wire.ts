import { create, type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { Value } from "@ydbjs/api/value";

/**
 * `@ydbjs/api` brings a protobuf runtime of its own, an older one than the project's. Its generated
 * schemas work with both, but no type of one is a type of the other; the casts for that are here.
 */

/** What a message can be made of: any of its fields, other messages as plain objects. */
export type Init<T> = T extends string | number | bigint | boolean | Uint8Array | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Init<Item>[]
    : string extends keyof T
      ? Record<string, Init<T[keyof T]>>
      : T extends { readonly case: infer Case; readonly value: infer Value }
        ? { case: Case; value: Init<Value> }
        : { -readonly [K in keyof T as Exclude<K, "$typeName" | "$unknown">]?: Init<T[K]> };

/** The value of an optional type that holds none. */
export const NULL_VALUE: Init<Value> = {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- its enum is not exported
  value: { case: "nullFlagValue", value: 0 },
};

export function encode<T>(schema: object, init: Init<T>): Uint8Array {
  const desc = schema as DescMessage;
  return toBinary(desc, create(desc, init as Message));
}

export function decode<T>(schema: object, bytes: Uint8Array): T {
  return fromBinary(schema as DescMessage, bytes) as T;
}
