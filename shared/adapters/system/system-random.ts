import { randomBytes } from "node:crypto";
import type { Random } from "../../ports/random.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 20;

/** Bytes from here up would favour the first letters: 252 is the last multiple of 36 in a byte. */
const BYTE_LIMIT = 256 - (256 % ALPHABET.length);

/** Chance from the operating system: 20 of 36 letters are 103 bits, which nobody guesses. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  id: () => {
    let id = "";
    while (id.length < ID_LENGTH) {
      for (const byte of randomBytes(ID_LENGTH - id.length)) {
        if (byte < BYTE_LIMIT) id += ALPHABET.charAt(byte % ALPHABET.length);
      }
    }
    return id;
  },
};
