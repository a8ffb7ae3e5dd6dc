import type { Random } from "../../ports/random.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Chance that a seed repeats: mulberry32, which is even enough to try things and fits on a screen. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const letter = (): string => ALPHABET.charAt(Math.floor(fraction() * ALPHABET.length));
  return { fraction, id: () => Array.from({ length: 20 }, letter).join("") };
}
