import { precede, type Precedence } from "./agenda.ts";

/** Somebody's place among those that wait, by id where all else is equal. */
export interface Place extends Precedence {
  readonly id: string;
}

/** Those that wait for something of their project, first in turn first. */
export class WaitingLine<T> {
  readonly #places: { readonly place: Place; readonly who: T }[] = [];

  /** Undefined where nobody waits. */
  first(): { readonly place: Place; readonly who: T } | undefined {
    return this.#places[0];
  }

  /** The first so many. */
  upTo(count: number): readonly T[] {
    return this.#places.slice(0, count).map(({ who }) => who);
  }

  add(place: Place, who: T): void {
    this.#places.splice(this.#indexOf(place), 0, { place, who });
  }

  remove(place: Place): void {
    const index = this.#indexOf(place);
    if (this.#places[index]?.place.id === place.id) this.#places.splice(index, 1);
  }

  /** Where a place stands, or would. */
  #indexOf(place: Place): number {
    let from = 0;
    let to = this.#places.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const at = this.#places[middle]?.place;
      if (at !== undefined && comesBefore(at, place)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function comesBefore(a: Place, b: Place): boolean {
  const order = precede(a, b);
  return order === 0 ? a.id < b.id : order < 0;
}
