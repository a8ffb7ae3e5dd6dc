import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommittedTransaction, DoubleRow } from "./double.ts";
import { encodeKey } from "./key-bytes.ts";
import type { RawAnswer } from "./raw-client.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const OWNERS = ["", "a", "a\0", "aa", "ß", "\uffff", "😀"];
const owner = fc.constantFrom(...OWNERS);
const rank = fc.bigInt({ min: -4n, max: 4n });

describe("transactions at the same time", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("get" as const), owner, rank }),
    fc.record({ kind: fc.constant("scan" as const), owner, rank }),
  );
  const write = fc.record({
    kind: fc.constantFrom("put" as const, "remove" as const),
    owner,
    rank,
  });
  const transaction = fc.record({
    reads: fc.array(step, { maxLength: 3 }),
    writes: fc.uniqueArray(write, { maxLength: 3, selector: (one) => `${one.owner} ${one.rank}` }),
  });
  /** Transactions, and whose step is next. */
  const schedule = fc.record({
    transactions: fc.array(transaction, { minLength: 2, maxLength: 5 }),
    turns: fc.array(fc.nat(4), { minLength: 10, maxLength: 40 }),
  });

  it("commit in an order in which each saw what those before it had left", async () => {
    let conflicts = 0;
    const property = fc.asyncProperty(schedule, async ({ transactions, turns }) => {
      const state = new Map(stateOf(world));
      const history: CommittedTransaction[] = [];
      world.double.reset();
      world.double.onCommit((committed) => history.push(committed));

      await interleave(transactions, turns);

      world.double.onCommit(undefined);
      conflicts += world.double.counters.conflicts;
      for (const committed of history.filter(({ writes }) => writes.length > 0)) {
        for (const read of committed.reads) expect(read.found).toEqual(answer(state, read));
        for (const { key, row } of committed.writes) {
          if (row === undefined) state.delete(key);
          else state.set(key, row);
        }
      }
      expect([...state.values()]).toHaveLength(world.rows().length);
      expect(new Map(stateOf(world))).toEqual(state);
    });
    await fc.assert(property, { numRuns: 120 });
    // Without any the schedules would have met nowhere, and the property would say nothing.
    expect(conflicts).toBeGreaterThan(10);
  });

  async function interleave(
    transactions: readonly { readonly reads: readonly Step[]; readonly writes: readonly Step[] }[],
    turns: readonly number[],
  ): Promise<void> {
    const running = await Promise.all(
      transactions.map(async ({ reads, writes }) => ({
        tx: await world.begin(),
        steps: [...reads, ...writes],
        isDone: false,
      })),
    );
    // Behind the schedule's own turns, enough for each to come to its end.
    for (const turn of [...turns, ...Array(35).keys()]) {
      const one = running[turn % running.length];
      if (one === undefined || one.isDone) continue;
      const next = one.steps.shift();
      one.isDone = next === undefined;
      await (next === undefined ? one.tx.commit() : run(one.tx, next));
    }
  }
});

type Step = {
  readonly kind: "get" | "scan" | "put" | "remove";
  readonly owner: string;
  readonly rank: bigint;
};
type Running = Awaited<ReturnType<World["begin"]>>;

async function run(tx: Running, { kind, owner, rank }: Step): Promise<RawAnswer> {
  switch (kind) {
    case "get":
      return await tx.get(owner, rank);
    case "scan":
      return await tx.scan(owner);
    case "put":
      return await tx.put(owner, rank, `by ${rank}`);
    case "remove":
      return await tx.remove(owner, rank);
  }
}

/** What `things` holds, by the bytes of its keys. */
function stateOf({ double }: World): readonly (readonly [string, DoubleRow])[] {
  return double
    .rows("/local", "things")
    .map((row) => [encodeKey([row["owner"] ?? null, row["rank"] ?? null]), row]);
}

/** What a read finds in a state, by the bytes of its keys. */
function answer(
  state: ReadonlyMap<string, DoubleRow>,
  { from, to }: CommittedTransaction["reads"][number],
): unknown {
  return [...state]
    .filter(([key]) => from <= key && key < to)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, row]) => ({ key, row }));
}
