/** A path and a method that a manifest gives a function. */
export interface RoutePattern {
  /** In capitals; `ANY` takes every method. */
  readonly method: string;
  /** With `{name}` for one segment, and `{name+}` at the end for all that follow. */
  readonly path: string;
}

/** The route that a request matches, or the methods its path is known under, none where it is not. */
export type MatchedRoute<R extends RoutePattern> =
  | {
      readonly found: true;
      readonly route: R;
      readonly parameters: Readonly<Record<string, string>>;
    }
  | { readonly found: false; readonly allowed: readonly string[] };

/**
 * Finds the route of a request as API Gateway does: first the most particular path, then the method
 * within it. The order of the routes says nothing. `path` is as it was sent.
 */
export function matchRoute<R extends RoutePattern>(
  routes: readonly R[],
  method: string,
  path: string,
): MatchedRoute<R> {
  const sent = path.split("/");
  const matches = routes
    .flatMap((route) => {
      const parameters = parametersOf(route.path.split("/"), sent);
      return parameters === undefined ? [] : [{ route, parameters }];
    })
    .toSorted((left, right) => compareText(rankOf(left.route.path), rankOf(right.route.path)));
  const best = matches.filter(({ route }) => route.path === matches[0]?.route.path);
  const match = best.find(({ route }) => route.method === method || route.method === "ANY");
  if (match !== undefined) return { found: true, ...match };
  return { found: false, allowed: [...new Set(best.map(({ route }) => route.method))] };
}

function parametersOf(
  wanted: readonly string[],
  sent: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const isGreedy = wanted.at(-1)?.endsWith("+}") === true;
  if (isGreedy ? sent.length < wanted.length : sent.length !== wanted.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = sent[index] ?? "";
    const [, name, plus] = /^\{(\w+)(\+?)\}$/.exec(segment) ?? [];
    if (name === undefined) {
      if (segment !== value) return undefined;
      continue;
    }
    // What a greedy parameter covers is passed on as it is: its function routes by the path.
    const read = plus === "+" ? sent.slice(index).join("/") : decodeSegment(value);
    if (read === undefined || read === "") return undefined;
    parameters[name] = read;
  }
  return parameters;
}

/** A text that sorts before another's where this path is the more particular one. */
function rankOf(path: string): string {
  return path
    .split("/")
    .map((segment) => (segment.endsWith("+}") ? "2" : segment.startsWith("{") ? "1" : "0"))
    .join("");
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
