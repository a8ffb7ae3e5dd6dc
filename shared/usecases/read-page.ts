import { limits } from "../core/limits.ts";

/** A page of a listing; `next` is where the one after it begins, absent behind the last. */
export interface Page<Item, Key> {
  readonly items: readonly Item[];
  readonly next?: Key;
}

/** How a page is read. */
export interface PageRead<Item, Key> {
  /** At most this many items. */
  readonly size: number;
  /** The key of the last item of the page before. */
  readonly after?: Key | undefined;
  /** Reads up to `limit` (1 to 900) items behind `after`; an empty answer is the end. */
  readonly scan: (page: {
    readonly limit: number;
    readonly after?: Key;
  }) => Promise<readonly Item[]>;
  readonly keyOf: (item: Item) => Key;
  /** Those items of a scan that belong into the listing, in their order; all, where it is absent. */
  readonly keep?: (items: readonly Item[]) => readonly Item[] | Promise<readonly Item[]>;
}

/**
 * Reads a page by as many scans as it takes. A page may come out shorter than asked, even empty,
 * with more behind it: where `keep` drops nearly everything, reading stops after
 * `limits.pageScans`. A scan may leave out rows that are gone, so only an empty one is the end.
 */
export async function readPage<Item, Key>(read: PageRead<Item, Key>): Promise<Page<Item, Key>> {
  const { size, scan, keyOf, keep = (items: readonly Item[]) => items } = read;
  const found: Item[] = [];
  let after = read.after;
  for (let scans = 0; scans < limits.pageScans; scans += 1) {
    const limit = Math.min(limits.scanRows, size + 1);
    const items = await scan({ limit, ...(after === undefined ? {} : { after }) });
    const last = items.at(-1);
    if (last === undefined) return { items: found };
    after = keyOf(last);
    found.push(...(await keep(items)));
    const cut = found.length > size ? found[size - 1] : undefined;
    if (cut !== undefined) return { items: found.slice(0, size), next: keyOf(cut) };
  }
  return after === undefined ? { items: found } : { items: found, next: after };
}
