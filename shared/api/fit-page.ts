import { limits } from "../core/limits.ts";
import type { Page } from "../usecases/read-page.ts";

/**
 * As much of a page as one answer may hold: clients refuse large messages, however many items they
 * asked for. The first item always goes, and the next page begins behind the last one.
 */
export function fitPage<Item, Key>(
  page: Page<Item, Key>,
  read: { readonly bytesOf: (item: Item) => number; readonly keyOf: (item: Item) => Key },
): Page<Item, Key> {
  let bytes = 0;
  const end = page.items.findIndex((item, index) => {
    bytes += read.bytesOf(item);
    return index > 0 && bytes > limits.pageBytes;
  });
  const last = end < 0 ? undefined : page.items[end - 1];
  return last === undefined ? page : { items: page.items.slice(0, end), next: read.keyOf(last) };
}
