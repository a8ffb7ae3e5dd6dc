import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchesOf } from "../../../shared/adapters/ymq/batches.ts";
import { limits } from "../../../shared/core/limits.ts";

describe("batches for a message queue", () => {
  it("hold every entry once, in order, within both limits, and are none too many", () => {
    const entries = fc.array(
      fc.oneof(
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: limits.queueMessageBytes }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(entries, (sizes) => {
        const given = sizes.map((bytes, n) => ({ bytes, n }));
        const batches = batchesOf(given);
        expect(batches.flat()).toEqual(given);
        const totals = batches.map((batch) => batch.reduce((sum, { bytes }) => sum + bytes, 0));
        for (const [n, batch] of batches.entries()) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limits.ymqBatchMessages);
          expect(totals[n]).toBeLessThanOrEqual(limits.ymqBatchBytes);
          // What began the next one would not have fitted here.
          const next = batches[n + 1]?.[0];
          if (next === undefined || batch.length === limits.ymqBatchMessages) continue;
          expect((totals[n] ?? 0) + next.bytes).toBeGreaterThan(limits.ymqBatchBytes);
        }
      }),
    );
  });
});
