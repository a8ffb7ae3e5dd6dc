import type { Instant } from "../time/instant.ts";

/**
 * What is to happen at an instant, in the order in which the platform sees it: occurrences come due
 * and are decided on, then it is noticed what has ended, and then those are looked at again that
 * waited for it.
 */
export type Moment = "fire" | "look" | "end" | "wake";
const PLACES: Readonly<Record<Moment, number>> = { fire: 0, look: 1, end: 2, wake: 3 };

/** Who goes first among things of one moment: by priority, age, and what is expected to be spent. */
export interface Precedence {
  readonly rank: number;
  readonly dueAt: number;
  readonly units: number;
}

const FIRST: Precedence = { rank: 0, dueAt: 0, units: 0 };

interface Item<T> {
  readonly at: Instant;
  readonly place: number;
  readonly precedence: Precedence;
  /** Equals stay in the order in which they came. */
  readonly seq: number;
  readonly what: T;
}

/** Things to come, the earliest first: a binary heap, because there are as many as runs. */
export class Agenda<T> {
  readonly #items: Item<T>[] = [];
  #seq = 0;

  add(at: Instant, moment: Moment, what: T, precedence: Precedence = FIRST): void {
    const item = { at, place: PLACES[moment], precedence, seq: this.#seq, what };
    this.#seq += 1;
    let index = this.#items.push(item) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || order(parent, item) <= 0) break;
      this.#items[index] = parent;
      index = parentIndex;
    }
    this.#items[index] = item;
  }

  /** The instant of the next thing; undefined where nothing is to come. */
  nextAt(): Instant | undefined {
    return this.#items[0]?.at;
  }

  /** Takes the next thing off; undefined where nothing is to come. */
  take(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || first === last) return first?.what;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = items[childIndex];
      if (child === undefined) break;
      const right = items[childIndex + 1];
      if (right !== undefined && order(right, child) < 0) {
        child = right;
        childIndex += 1;
      }
      if (order(last, child) <= 0) break;
      items[index] = child;
      index = childIndex;
    }
    items[index] = last;
    return first.what;
  }
}

function order<T>(a: Item<T>, b: Item<T>): number {
  return a.at - b.at || a.place - b.place || precede(a.precedence, b.precedence) || a.seq - b.seq;
}

/** Below zero where `a` goes first. */
export function precede(a: Precedence, b: Precedence): number {
  return a.rank - b.rank || a.dueAt - b.dueAt || a.units - b.units;
}
