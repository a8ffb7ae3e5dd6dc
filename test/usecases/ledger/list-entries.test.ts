import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { openAccount, record } from "../../../shared/core/units/account.ts";
import type { Entry } from "../../../shared/core/units/ledger.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { listEntries, type EntryQuery } from "../../../shared/usecases/ledger/list-entries.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const minute = (number: number): Instant => plusMs(START_AT, number * MINUTE_MS);

/** Appends an entry for each of these minutes. */
async function append(...minutes: readonly number[]): Promise<void> {
  for (const at of minutes) {
    await world.store.transact("append", async (tx) => {
      const account = await readAccount(tx, PROJECT);
      const movement = { kind: "setBalance", units: at, reason: "by a test" } as const;
      const posted = record(account, [movement], minute(at));
      await writeAccount(tx, posted.account, posted.entries);
    });
  }
}

/** Every page of a listing, each in a snapshot of its own. */
async function pages(
  query: Omit<EntryQuery, "project" | "size"> & { readonly size?: number },
  between: () => Promise<void> = async () => await Promise.resolve(),
): Promise<readonly (readonly Entry[])[]> {
  const found: (readonly Entry[])[] = [];
  let after: number | undefined;
  do {
    const asked = { project: PROJECT, size: 3, ...query, after };
    const page = await world.store.snapshot(async (reader) => await listEntries(reader, asked));
    found.push(page.items);
    after = page.next;
    await between();
  } while (after !== undefined);
  return found;
}

const seqs = (found: readonly (readonly Entry[])[]): readonly (readonly number[])[] =>
  found.map((page) => page.map(({ seq }) => seq));

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("a listing of a ledger", () => {
  it("goes from the first entry on, or from the last one back", async () => {
    await append(...upTo(20));

    expect(seqs(await pages({ order: "oldestFirst", size: 8 }))).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11, 12, 13, 14, 15, 16],
      [17, 18, 19, 20],
    ]);
    expect(seqs(await pages({ order: "newestFirst" })).flat()).toEqual(upTo(20).toReversed());
  });

  it("reaches what is appended meanwhile from the first entry on, and each entry once", async () => {
    await append(...upTo(10));
    let at = 10;
    const more = async (): Promise<void> => {
      if (at < 30) await append(...upTo(5).map(() => (at += 1)));
    };

    const found = await pages({ order: "oldestFirst", size: 4 }, more);

    expect(seqs(found).flat()).toEqual(upTo(30));
  });

  it("stays with what was there from the last entry back", async () => {
    await append(...upTo(10));
    let at = 10;

    const found = await pages({ order: "newestFirst" }, async () => await append((at += 1)));

    expect(seqs(found).flat()).toEqual(upTo(10).toReversed());
  });

  it.each([
    [0, 10, [1, 2, 3, 4]],
    [10, 25, [5, 6, 7]],
    [10, 26, [5, 6, 7, 8, 9, 10]],
    [24, 40, [7, 8, 9, 10, 11]],
    [41, 90, [19, 20]],
    [25, 25.5, [8, 9, 10]],
    [30, 31, []],
    [90, 99, []],
  ])("has those from minute %d and before minute %d", async (from, until, expected) => {
    // Three at one instant, on both sides of where a row ends; two in a row's middle.
    await append(1, 2, 3, 4, 10, 20, 24, 25, 25, 25, 39, 40, 40, 40, 40, 40, 40, 40, 50, 60);
    const period = { from: minute(from), until: minute(until) };

    const up = await pages({ order: "oldestFirst", ...period });
    const down = await pages({ order: "newestFirst", ...period });

    expect(seqs(up).flat()).toEqual(expected);
    expect(seqs(down).flat()).toEqual(expected.toReversed());
  });

  it("has what a search of the whole finds, whatever the ledger and the period", async () => {
    const ats: number[] = [];
    const moves = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 });
    const bounds = fc.array(fc.tuple(fc.nat(90), fc.integer({ min: 1, max: 60 })), {
      minLength: 10,
      maxLength: 10,
    });
    await fc.assert(
      fc.asyncProperty(moves, bounds, async (steps, periods) => {
        await world.store.transact("empty", async (tx) => {
          if (ats.length === 0) await writeAccount(tx, openAccount(PROJECT), []);
        });
        for (const step of steps) {
          const at = (ats.at(-1) ?? 0) + step;
          ats.push(at);
          await append(at);
        }
        for (const [from, length] of periods) {
          const period = { from: minute(from), until: minute(from + length) };
          const wanted = ats.flatMap((at, index) =>
            at >= from && at < from + length ? [index + 1] : [],
          );
          const up = await pages({ order: "oldestFirst", size: 7, ...period });
          expect(seqs(up).flat()).toEqual(wanted);
          const down = await pages({ order: "newestFirst", size: 5, ...period });
          expect(seqs(down).flat()).toEqual(wanted.toReversed());
        }
      }),
      { numRuns: 3 },
    );
  });

  it("is empty where there is no ledger", async () => {
    const period = { from: minute(1), until: minute(2) };

    expect(await pages({ order: "oldestFirst", ...period })).toEqual([[]]);
    expect(await pages({ order: "newestFirst", ...period })).toEqual([[]]);
  });

  it("is refused for a period that ends before it begins", async () => {
    const asked = { order: "oldestFirst", from: minute(2), until: minute(2) } as const;

    await expect(pages(asked)).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      fields: [{ field: "until" }],
    });
  });
});
