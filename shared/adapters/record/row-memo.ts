import type { StoredKey, StoredRow } from "./row-codec.ts";
import type { TableShape } from "./table-shape.ts";

type Rows = readonly (StoredRow | undefined)[];
type ReadRows = (shape: TableShape, keys: readonly StoredKey[]) => Promise<Rows>;

/**
 * What the engine answered one body by key, in stored form, which nobody changes. A key is asked for
 * once, also while its answer is under way. What could not be read stays so for this body.
 */
export class RowMemo {
  readonly #read: ReadRows;
  readonly #tables = new Map<TableShape, Map<string, Promise<StoredRow | undefined>>>();

  /** `read` gives one answer per key, in order. */
  constructor(read: ReadRows) {
    this.#read = read;
  }

  /** One answer per key, in order. */
  async getMany(shape: TableShape, keys: readonly StoredKey[]): Promise<Rows> {
    const answers = this.#answersOf(shape);
    const named = keys.map((key) => ({ key, name: JSON.stringify(key) }));
    const fresh = new Map(
      named.filter(({ name }) => !answers.has(name)).map(({ key, name }) => [name, key]),
    );
    if (fresh.size > 0) {
      const rows = this.#read(shape, [...fresh.values()]);
      [...fresh.keys()].forEach((name, index) => {
        answers.set(name, at(rows, index));
      });
    }
    return await Promise.all(named.map(async ({ name }) => await answers.get(name)));
  }

  #answersOf(shape: TableShape): Map<string, Promise<StoredRow | undefined>> {
    const answers = this.#tables.get(shape) ?? new Map<string, Promise<StoredRow | undefined>>();
    this.#tables.set(shape, answers);
    return answers;
  }
}

async function at(rows: Promise<Rows>, index: number): Promise<StoredRow | undefined> {
  return (await rows)[index];
}
