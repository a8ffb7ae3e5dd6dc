import { setImmediate } from "node:timers/promises";
import { OrreryError } from "../../shared/core/errors.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { Reader, Store } from "../../shared/ports/store.ts";
import type { Witnessed } from "./store-history.ts";
import { anItem, itemsTable } from "./store-tables.ts";

const SHELVES = ["a", "b"] as const;
const PLACES = 3;

interface Plan {
  /** Lists read by key, by a scan of a whole shelf, and appended to. */
  readonly gets: readonly string[];
  readonly scans: readonly string[];
  readonly appends: readonly { readonly list: string; readonly text: string }[];
}

/** What clients saw, and every list as it was at the end. */
export interface History {
  readonly witnessed: readonly Witnessed[];
  readonly final: ReadonlyMap<string, readonly string[]>;
}

/**
 * Lets clients, one for each store given, run random transactions at the same time: each reads some
 * lists, one by one or a shelf at once, and appends to some. A list is a row; an empty one has none,
 * so that rows also come to be between the ends of scans.
 */
export async function randomHistory(
  stores: readonly Store[],
  given: { readonly random: Random; readonly perClient: number },
): Promise<History> {
  const { random, perClient } = given;
  const witnessed: Witnessed[] = [];
  let count = 0;
  const client = async (store: Store, name: number): Promise<void> => {
    for (let index = 0; index < perClient; index += 1) {
      const plan = planOf(random, `${name}.${index}`);
      const begunAt = count++;
      const { reads, outcome } = await run(store, plan);
      witnessed.push({ reads, appends: plan.appends, outcome, begunAt, endedAt: count++ });
    }
  };
  await Promise.all(stores.map(async (store, name) => await client(store, name)));
  const [first] = stores;
  const final = first && (await first.snapshot(async (reader) => await allLists(reader)));
  return { witnessed, final: final ?? new Map() };
}

async function run(store: Store, plan: Plan): Promise<Pick<Witnessed, "reads" | "outcome">> {
  try {
    const reads = await store.transact("history", async (tx) => {
      const seen = new Map<string, readonly string[]>();
      const [got, ...scanned] = await Promise.all([
        tx.getMany(itemsTable, plan.gets.map(keyOf)),
        ...plan.scans.map(async (shelf) => await shelfOf(tx, shelf)),
      ]);
      for (const [index, list] of plan.gets.entries()) seen.set(list, textsOf(got[index]));
      for (const lists of scanned) for (const [list, texts] of lists) seen.set(list, texts);
      await setImmediate();
      for (const { list } of plan.appends) {
        if (!seen.has(list)) seen.set(list, textsOf(await tx.get(itemsTable, keyOf(list))));
      }
      for (const { list, text } of plan.appends) {
        tx.put(itemsTable, anItem({ ...keyOf(list), tags: [...(seen.get(list) ?? []), text] }));
      }
      return seen;
    });
    return { reads, outcome: "happened" };
  } catch (error) {
    if (!(error instanceof OrreryError)) throw error;
    const isUnknown = error.code === "STORE_OUTCOME_UNKNOWN";
    return { reads: new Map(), outcome: isUnknown ? "unknown" : "failed" };
  }
}

async function shelfOf(
  reader: Reader,
  shelf: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await reader.scan(itemsTable, { prefix: { shelf }, limit: PLACES });
  const lists = new Map<string, readonly string[]>();
  for (let place = 0; place < PLACES; place += 1) {
    lists.set(`${shelf}${place}`, textsOf(rows.find((row) => row.place === place)));
  }
  return lists;
}

async function allLists(reader: Reader): Promise<ReadonlyMap<string, readonly string[]>> {
  const shelves = await Promise.all(SHELVES.map(async (shelf) => await shelfOf(reader, shelf)));
  return new Map(shelves.flatMap((lists) => [...lists]));
}

function textsOf(row: { readonly tags: unknown } | undefined): readonly string[] {
  return (row?.tags ?? []) as readonly string[];
}

function keyOf(list: string): { shelf: string; place: number } {
  return { shelf: list.slice(0, 1), place: Number(list.slice(1)) };
}

function planOf(random: Random, name: string): Plan {
  const pick = (count: number): number => Math.floor(random.fraction() * count);
  const list = (): string => `${SHELVES[pick(SHELVES.length)] ?? "a"}${pick(PLACES)}`;
  const some = <T>(most: number, one: () => T): readonly T[] => [
    ...new Set(Array.from({ length: pick(most + 1) }, one)),
  ];
  return {
    gets: some(2, list),
    scans: some(1, () => SHELVES[pick(SHELVES.length)] ?? "a"),
    appends: some(2, list).map((each) => ({ list: each, text: `${name}.${each}` })),
  };
}
