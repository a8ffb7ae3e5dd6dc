import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type HeapEntry, VisibilityHeap } from "../../../shared/adapters/memory/visibility-heap.ts";
import { instant } from "../../../shared/core/time/instant.ts";

describe("a heap of entries by visibility", () => {
  it("has the earliest on top, the first added among equals, whatever was moved or removed", () => {
    const step = fc.record({
      verb: fc.constantFrom("add", "add", "add", "reschedule", "remove"),
      at: fc.integer({ min: 0, max: 50 }),
      which: fc.nat(),
    });
    const property = fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), (steps) => {
      const heap = new VisibilityHeap<HeapEntry>();
      const model: HeapEntry[] = [];
      for (const [sequence, { verb, at, which }] of steps.entries()) {
        const chosen = model[which % Math.max(1, model.length)];
        if (verb === "add") {
          const entry = { visibleAt: instant(at), sequence, heapIndex: 0 };
          model.push(entry);
          heap.add(entry);
        } else if (chosen !== undefined && verb === "reschedule") {
          heap.reschedule(chosen, instant(at));
        } else if (chosen !== undefined) {
          model.splice(model.indexOf(chosen), 1);
          heap.remove(chosen);
        }
        expect(heap.first()).toBe(inOrder(model)[0]);
      }
      expect([...heap.values()].toSorted(compare)).toEqual(inOrder(model));
      expect(drain(heap)).toEqual(inOrder(model));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function compare(a: HeapEntry, b: HeapEntry): number {
  return a.visibleAt - b.visibleAt || a.sequence - b.sequence;
}

function inOrder(entries: readonly HeapEntry[]): HeapEntry[] {
  return entries.toSorted(compare);
}

function drain(heap: VisibilityHeap<HeapEntry>): readonly HeapEntry[] {
  const drained: HeapEntry[] = [];
  for (let first = heap.first(); first !== undefined; first = heap.first()) {
    drained.push(first);
    heap.remove(first);
  }
  return drained;
}
