import * as named from "ydb-sdk";

/**
 * The SDK. Node finds the exports of this CommonJS package by reading its text, and misses `Driver`;
 * the package as a whole has it. Importing this takes some 200 ms.
 */
export const sdk = (Reflect.has(named, "Driver") ? named : named.default) as typeof named;
