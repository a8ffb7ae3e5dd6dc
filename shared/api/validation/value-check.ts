import { ScalarType } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import type { Pattern, ValueRules } from "./field-rules.ts";
import type { Range } from "./range.ts";

/** What is wrong with a value, each as the end of a sentence that begins with its field. */
export type ValueCheck = (value: unknown) => readonly string[];

const NONE: readonly string[] = [];
type Rule = (value: unknown) => string | undefined;

/**
 * The rules of a scalar, and what every value of its type must keep: texts go into keys of the store,
 * and whole numbers to clients that know none beyond 2^53. `owner` names the field in a failed start;
 * undefined where nothing is to be checked.
 */
export function valueCheck(
  type: ScalarType,
  rules: ValueRules,
  owner: string,
): ValueCheck | undefined {
  const checks = [...soundness(type), ...stated(type, rules, owner)];
  if (checks.length === 0) return undefined;
  return (value) => {
    let wrong: string[] | undefined;
    for (const check of checks) {
      const found = check(value);
      if (found !== undefined) (wrong ??= []).push(found);
    }
    return wrong ?? NONE;
  };
}

function soundness(type: ScalarType): readonly Rule[] {
  if (type === ScalarType.STRING) return [withoutNul];
  return WIDE.has(type) ? [safeInteger] : [];
}

function withoutNul(value: unknown): string | undefined {
  return (value as string).includes("\0") ? "must not hold the character U+0000" : undefined;
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function safeInteger(value: unknown): string | undefined {
  const number = value as bigint;
  return number > SAFE || number < -SAFE ? `must be -${SAFE} to ${SAFE}` : undefined;
}

function stated(type: ScalarType, rules: ValueRules, owner: string): readonly Rule[] {
  const { value, length, bytes, pattern } = rules;
  const isText = type === ScalarType.STRING;
  const isBytes = type === ScalarType.BYTES;
  const isNumber = !isText && !isBytes && type !== ScalarType.BOOL;
  assert(value === undefined || isNumber, `${owner} has a number for its value rule`);
  assert(pattern === undefined || isText, `${owner} has a text for its pattern`);
  assert(length === undefined || isText || isBytes, `${owner} has characters for its length`);
  assert(bytes === undefined || isText || isBytes, `${owner} has bytes to count`);
  const rulesOf = [
    value && numberRule(value),
    length && (isText ? lengthRule(length) : bytesRule(length)),
    bytes && bytesRule(bytes),
    pattern && patternRule(pattern),
  ];
  return rulesOf.filter((rule) => rule !== undefined);
}

const numberRule =
  (range: Range): Rule =>
  (value) => {
    const number = value as number | bigint;
    return range.includes(number) ? undefined : `must be ${range.text}, is ${number}`;
  };

const lengthRule =
  (range: Range): Rule =>
  (value) => {
    const count = characters(value as string);
    return range.includes(count) ? undefined : `must have ${range.text} characters, has ${count}`;
  };

const bytesRule =
  (range: Range): Rule =>
  (value) => {
    const count =
      typeof value === "string" ? Buffer.byteLength(value) : (value as Uint8Array).length;
    return range.includes(count) ? undefined : `must have ${range.text} bytes, has ${count}`;
  };

const patternRule =
  ({ source, matches }: Pattern): Rule =>
  (value) =>
    matches.test(value as string) ? undefined : `must match ${source}`;

/** Characters of a text, which is well-formed: each pair of surrogates is one. */
function characters(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xdc00 && unit <= 0xdfff) count -= 1;
  }
  return count;
}

const WIDE: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);
