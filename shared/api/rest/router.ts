import { getOption, type DescService } from "@bufbuild/protobuf";
import { access } from "../../gen/orrery/options/v1/options_pb.ts";
import { bindingsOf, type HttpBinding } from "./http-binding.ts";
import { byParticularity, fits } from "./path-template.ts";

/** Where a request leads. */
export type Routed =
  | {
      readonly kind: "binding";
      readonly binding: HttpBinding;
      readonly segments: readonly string[];
    }
  /** The path is known under other methods. */
  | { readonly kind: "method"; readonly allowed: readonly string[] }
  | { readonly kind: "nothing" };

/** The HTTP routes of some services. */
export interface Router {
  readonly bindings: readonly HttpBinding[];
  /** `path` is as it was sent, still percent-encoded. */
  route(httpMethod: string, path: string): Routed;
}

/** Compiles the routes of services; a rule that cannot be read stops it. */
export function routerOf(services: readonly DescService[]): Router {
  const bindings = services
    .flatMap((service) => service.methods.flatMap(bindingsOf))
    .toSorted((left, right) => byParticularity(left.template, right.template));
  return {
    bindings,
    route: (httpMethod, path) => route(bindings, httpMethod, path),
  };
}

function route(bindings: readonly HttpBinding[], httpMethod: string, path: string): Routed {
  if (!path.startsWith("/")) return { kind: "nothing" };
  const { segments, matches } = matchesOf(bindings, path.slice(1).split("/"));
  if (matches.length === 0) return { kind: "nothing" };
  const binding = matches.find((each) => methodsOf(each).includes(httpMethod));
  if (binding !== undefined) return { kind: "binding", binding, segments };
  return { kind: "method", allowed: [...new Set([...matches.flatMap(methodsOf), "OPTIONS"])] };
}

/**
 * The bindings that a path fits. What follows its last colon is a verb where some route has it
 * there, whatever its method; elsewhere the colon belongs to an id.
 */
function matchesOf(
  bindings: readonly HttpBinding[],
  sent: readonly string[],
): { readonly segments: readonly string[]; readonly matches: readonly HttpBinding[] } {
  const last = sent.at(-1) ?? "";
  const colon = last.lastIndexOf(":");
  if (colon !== -1) {
    const segments = [...sent.slice(0, -1), last.slice(0, colon)];
    const verb = last.slice(colon + 1);
    const matches = bindings.filter(
      ({ template }) => template.verb === verb && fits(template, segments),
    );
    if (matches.length > 0) return { segments, matches };
  }
  const matches = bindings.filter(
    ({ template }) => template.verb === undefined && fits(template, sent),
  );
  return { segments: sent, matches };
}

/** GET also answers HEAD, unless its method changes something: a HEAD must never do that. */
function methodsOf({ httpMethod, method }: HttpBinding): readonly string[] {
  const isSafe = httpMethod === "GET" && !getOption(method, access).mutates;
  return isSafe ? [httpMethod, "HEAD"] : [httpMethod];
}
