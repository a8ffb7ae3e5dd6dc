/** A chunk splits at this size: small enough to shift quickly, large enough to have few of them. */
const CHUNK = 512;

/** Keys in order, in chunks, so that inserting into a million of them moves a few hundred. */
export class OrderedKeys {
  readonly #chunks: string[][] = [[]];

  /** Adds a key that is not there. */
  insert(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(lowerBound(chunk, key), 0, key);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Removes a key that is there. */
  remove(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at] ?? [];
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1);
  }

  /** The keys from `from` on and before `to`, in order. */
  *ascending(from: string, to: string): Iterable<string> {
    let at = this.#chunkOf(from);
    let index = lowerBound(this.#chunks[at] ?? [], from);
    for (;;) {
      const chunk = this.#chunks[at];
      if (chunk === undefined) return;
      const key = chunk[index];
      if (key === undefined) {
        at += 1;
        index = 0;
        continue;
      }
      if (key >= to) return;
      yield key;
      index += 1;
    }
  }

  /** The same keys from the last to the first. */
  *descending(from: string, to: string): Iterable<string> {
    let at = this.#chunkOf(to);
    let index = lowerBound(this.#chunks[at] ?? [], to) - 1;
    for (;;) {
      const chunk = this.#chunks[at];
      if (chunk === undefined) return;
      const key = chunk[index];
      if (key === undefined) {
        at -= 1;
        index = (this.#chunks[at]?.length ?? 0) - 1;
        continue;
      }
      if (key < from) return;
      yield key;
      index -= 1;
    }
  }

  /** The chunk that holds the key or would: the last one that does not begin behind it. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#chunks[middle]?.[0] ?? "") <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The index of the first key that is not before this one. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
