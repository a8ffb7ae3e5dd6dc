import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { routerOf } from "../../shared/api/rest/router.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { World } from "../support/world.ts";
import { recordedEvent } from "./recorded-event.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
});
afterEach(async () => await world.close());

/** What is there, what is not, and what should be nowhere. */
const id = fc.oneof(
  fc.constantFrom(
    "nightly",
    "default",
    "demo",
    "p",
    "..",
    "a:b",
    "\u0000",
    "__proto__",
    "x".repeat(300),
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);

describe("a call of whoever may do everything", () => {
  it("never makes the API fail, with any values in any route", async () => {
    const { bindings } = routerOf(world.services.api.services);
    const calls = fc.constantFrom(...bindings).chain((binding) => {
      const { fields } = binding.method.input;
      const names = fc.constantFrom("none", ...fields.map(({ jsonName }) => jsonName));
      const values = fc.oneof(id, fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }));
      return fc.record({
        binding: fc.constant(binding),
        ids: fc.array(id, { minLength: 3, maxLength: 3 }),
        members: fc.dictionary(names, values, { maxKeys: 4 }),
      });
    });

    await fc.assert(
      fc.asyncProperty(calls, async ({ binding, ids, members }) => {
        const { httpMethod, template, body } = binding;
        let index = 0;
        const path = template.text.replaceAll(/\{[^}]*\}/g, () =>
          encodeURIComponent(ids[index++] ?? ""),
        );
        const query = Object.entries(members).map(([name, value]) => [
          name,
          [typeof value === "string" ? value : JSON.stringify(value)],
        ]);
        const { statusCode, body: text } = (await world.call("api", {
          ...recordedEvent("http-1.0"),
          httpMethod,
          path,
          multiValueQueryStringParameters:
            body === "all" ? {} : (Object.fromEntries(query) as object),
          body: body === "all" ? JSON.stringify(members) : "",
          isBase64Encoded: false,
        })) as { statusCode: number; body: string };

        // 501 is what a method says that cannot be had on this installation.
        if (statusCode !== 501)
          expect(statusCode, `${httpMethod} ${path}: ${text}`).toBeLessThan(500);
      }),
      { numRuns: 500 },
    );
  });
});
