import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { routerOf } from "../../../shared/api/rest/router.ts";
import type { RestAnswer } from "../../../shared/api/rest/rest-message.ts";
import { everyService, jsonOf, RecordingApi, send } from "./recording-api.ts";

const bindings = routerOf(everyService).bindings;

const anyBinding = fc.constantFrom(...bindings);
const hostile = fc.constantFrom(
  "..",
  ".",
  "%00",
  "%2F",
  "%",
  "%ff",
  ":",
  "::",
  "a:open",
  "é",
  " ",
  "'",
  "\u0000",
);
const anyId = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }).map(encodeLoosely),
  hostile,
  fc.string(),
);

/** Encodes what would end the path, and leaves the rest as it is. */
function encodeLoosely(text: string): string {
  return text.replaceAll(/[?/#]/g, (each) => encodeURIComponent(each));
}

/** An answer that a front can send, and never one that says we are broken. */
function expectSane(answer: RestAnswer): void {
  expect([200, 204, 400, 404, 405, 415, 429]).toContain(answer.status);
  for (const value of Object.values(answer.headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
  if (answer.body !== "") expect(() => jsonOf(answer)).not.toThrow();
}

/** Names that a request has, and some that it has not. */
const anyName = fc.oneof(
  fc.constantFrom(
    ...new Set(
      bindings.flatMap(({ method }) =>
        method.input.fields.flatMap(({ name, jsonName }) => [name, jsonName]),
      ),
    ),
  ),
  fc.constantFrom("__proto__", "constructor", "@type", "a.b", ""),
  fc.string({ maxLength: 8 }),
);
const anyValue = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.dictionary(anyName, anyValue, { maxKeys: 5 }).map((body) => JSON.stringify(body)),
  anyValue.map((body) => JSON.stringify(body)),
  fc.string({ unit: "binary" }),
);

describe("no request whatever", () => {
  it("makes us fail, with any body", async () => {
    await fc.assert(
      fc.asyncProperty(anyBinding, anyId, anyBody, async ({ httpMethod, template }, id, body) => {
        const target = template.text.replaceAll(/\{[^}]*\}/g, () => id);

        expectSane(await send(new RecordingApi(), { method: httpMethod, target, body }));
      }),
      { numRuns: 500 },
    );
  });

  it("makes us fail, with any query", async () => {
    const pair = fc.tuple(
      anyName,
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "true", "1", "NaN", "-1", "1e400"),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        anyBinding,
        fc.array(pair, { maxLength: 6 }),
        async ({ httpMethod, template }, pairs) => {
          const query = new URLSearchParams(pairs).toString();
          const target = `${template.text.replaceAll(/\{[^}]*\}/g, "id")}?${query}`;

          expectSane(await send(new RecordingApi(), { method: httpMethod, target }));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("makes us fail, with any method, path and headers", async () => {
    const method = fc.oneof(
      fc.constantFrom("GET", "HEAD", "OPTIONS", "POST", "TRACE"),
      fc.string(),
    );
    const path = fc.oneof(
      fc.webPath(),
      fc.string({ unit: "binary" }),
      fc.array(anyId).map((ids) => `/${ids.join("/")}`),
    );
    const header = fc.constantFrom(
      "content-type",
      "content-encoding",
      "x-client-request-id",
      "authorization",
    );
    await fc.assert(
      fc.asyncProperty(
        method,
        path,
        fc.dictionary(header, fc.string({ unit: "binary" })),
        fc.uint8Array({ maxLength: 5 }),
        async (sentMethod, target, headers, body) => {
          expectSane(await send(new RecordingApi(), { method: sentMethod, target, headers, body }));
        },
      ),
      { numRuns: 500 },
    );
  });
});
