import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Agenda, type Moment } from "../../../shared/core/forecast/agenda.ts";
import { WaitingLine, type Place } from "../../../shared/core/forecast/waiting-line.ts";
import { instant } from "../../../shared/core/time/instant.ts";

const MOMENTS: readonly Moment[] = ["fire", "look", "end", "wake"];

const item = fc.record({
  at: fc.integer({ min: 0, max: 5 }),
  moment: fc.constantFrom(...MOMENTS),
  rank: fc.integer({ min: 0, max: 2 }),
  dueAt: fc.integer({ min: 0, max: 2 }),
  units: fc.integer({ min: 0, max: 2 }),
});

describe("an agenda", () => {
  it("gives things in the order of a stable sort, however they came and went", () => {
    fc.assert(
      fc.property(fc.array(item), fc.integer({ min: 0, max: 20 }), (items, taken) => {
        const agenda = new Agenda<(typeof items)[number]>();
        for (const each of items) agenda.add(instant(each.at), each.moment, each, each);
        const sorted = items.toSorted(
          (a, b) =>
            a.at - b.at ||
            MOMENTS.indexOf(a.moment) - MOMENTS.indexOf(b.moment) ||
            a.rank - b.rank ||
            a.dueAt - b.dueAt ||
            a.units - b.units,
        );

        const first = Array.from({ length: Math.min(taken, items.length) }, () => agenda.take());
        expect(agenda.nextAt()).toBe(sorted[first.length]?.at);
        const rest = items.slice(first.length).map(() => agenda.take());

        expect([...first, ...rest]).toEqual(sorted);
        expect(agenda.take()).toBeUndefined();
      }),
    );
  });
});

describe("a line of those that wait", () => {
  it("is in order after any of them has left", () => {
    const place = fc.record({
      rank: fc.integer({ min: 0, max: 2 }),
      dueAt: fc.integer({ min: 0, max: 3 }),
      units: fc.integer({ min: 0, max: 1 }),
      id: fc.string({ minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(place, { selector: ({ id }) => id }),
        fc.array(fc.nat({ max: 20 })),
        (places, leaving) => {
          const line = new WaitingLine<string>();
          for (const each of places) line.add(each, each.id);
          const gone = new Set(leaving.flatMap((index) => places[index]?.id ?? []));
          for (const each of places.filter(({ id }) => gone.has(id))) line.remove(each);

          const order = (a: Place, b: Place): number =>
            a.rank - b.rank || a.dueAt - b.dueAt || a.units - b.units || (a.id < b.id ? -1 : 1);
          const left = places.filter(({ id }) => !gone.has(id)).toSorted(order);
          expect(line.upTo(100)).toEqual(left.map(({ id }) => id));
          expect(line.first()?.who).toBe(left[0]?.id);
        },
      ),
    );
  });
});
