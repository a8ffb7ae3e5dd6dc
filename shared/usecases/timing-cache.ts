import { assert } from "../core/assert.ts";
import { limits } from "../core/limits.ts";
import { compileTiming } from "../core/schedule/compile-timing.ts";
import type { CompiledTiming } from "../core/schedule/compiled-timing.ts";
import type { TimingSpec } from "../core/schedule/timing.ts";

const compiled = new Map<string, CompiledTiming>();

/**
 * The compiled form of a timing that was checked when it was applied. Compiling costs far more than
 * one next fire, so forms are kept, the oldest leaving first.
 */
export function compiledTiming(spec: TimingSpec): CompiledTiming {
  const key = JSON.stringify(spec);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const result = compileTiming(spec);
  assert(result.ok, `an applied timing compiles: ${key}`);
  if (compiled.size >= limits.compiledTimings) {
    const [oldest] = compiled.keys();
    if (oldest !== undefined) compiled.delete(oldest);
  }
  compiled.set(key, result.value);
  return result.value;
}
