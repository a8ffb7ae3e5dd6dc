import { create, equals, type DescMethod, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { httpRequestOf } from "../../../cli/remote/rest-request.ts";
import { registry } from "../../../shared/api/any.ts";
import type { HttpBinding } from "../../../shared/api/rest/http-binding.ts";
import { readRequest } from "../../../shared/api/rest/read-request.ts";
import { routerOf } from "../../../shared/api/rest/router.ts";
import { RunService } from "../../../shared/gen/orrery/v1/run_service_pb.ts";
import { arbitraryMessage } from "../../api/a-message.ts";
import { everyService } from "../../api/rest/recording-api.ts";

const router = routerOf(everyService.filter(({ typeName }) => typeName.startsWith("orrery.v1.")));

/** What the platform understands of a request, as it came over HTTP. */
function understood(method: string, path: string, body: string | undefined): Message {
  const [place = "", query = ""] = path.split("?");
  const routed = router.route(method, place);
  if (routed.kind !== "binding") throw new Error(`${method} ${place} is not routed`);
  const sent = { method, path: place, query: [...new URLSearchParams(query)], headers: {} };
  const request = { ...sent, body: Buffer.from(body ?? ""), requestId: "r" };
  return readRequest(routed.binding, routed.segments, request, registry);
}

function bindingOf(method: DescMethod): HttpBinding {
  const found = router.bindings.find((each) => each.method === method);
  if (found === undefined) throw new Error(`${method.toString()} has a route`);
  return found;
}

/** A random message whose path has values: an empty one names nothing. */
function sendable({ method, variables }: HttpBinding): fc.Arbitrary<Message> {
  return fc
    .tuple(arbitraryMessage(method.input), fc.array(pathText, { minLength: 3, maxLength: 3 }))
    .map(([message, texts]) => {
      const named = variables.map(({ fields }, at) => [fields[0]?.localName ?? "", texts[at]]);
      return create(method.input, { ...message, ...Object.fromEntries(named) } as never);
    });
}

const pathText = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
  fc.constantFrom("a/b", "a:cancel", "..", "%2F", "a b", "?x=1", "#", "+", "%"),
);

describe("a request over HTTP", () => {
  it("is understood as the message that it was written from, for each of our methods", () => {
    expect(router.bindings.length).toBeGreaterThan(15);
    const sent = fc
      .constantFrom(...router.bindings)
      .chain((binding) => fc.tuple(fc.constant(binding), sendable(binding)));

    fc.assert(
      fc.property(sent, ([binding, message]) => {
        const { method, path, body } = httpRequestOf(binding, message, registry);

        const seen = understood(method, path, body);
        expect(equals(binding.method.input, seen, message), `${method} ${path}`).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("encodes what stands in the path, and says the verb behind it", () => {
    const binding = bindingOf(RunService.method.cancel);
    const message = create(RunService.method.cancel.input, { run: "a/b c:d" });

    expect(httpRequestOf(binding, message, registry)).toEqual({
      method: "POST",
      path: "/orrery/v1/runs/a%2Fb%20c%3Ad:cancel",
      body: "{}",
    });
  });

  it("is not made without a value for its path", () => {
    const binding = bindingOf(RunService.method.get);
    const message = create(RunService.method.get.input);

    expect(() => httpRequestOf(binding, message, registry)).toThrow("run has a value for its path");
  });
});
