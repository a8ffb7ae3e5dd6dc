import { parse } from "yaml";
import * as z from "zod";

/** A path that a gateway hands to a function. */
export interface Route {
  readonly path: string;
  readonly function: string;
  readonly eventFormat: string;
}

/** What `serverless.yaml` says of the gateway. */
export interface GatewayManifest {
  readonly routes: readonly Route[];
  /** The function that says whether a caller may come in. */
  readonly authorizer: string;
  /** Paths of routes that need no token. */
  readonly open: readonly string[];
}

const manifest = z.object({
  custom: z.object({ gateway: z.object({ authorizer: z.string(), open: z.array(z.string()) }) }),
  functions: z.record(
    z.string(),
    z.object({
      events: z.array(
        z.object({ http: z.object({ path: z.string(), eventFormat: z.string() }).optional() }),
      ),
    }),
  ),
});

/** Reads the text of a `serverless.yaml`; throws where it does not say what a gateway needs. */
export function readGatewayManifest(text: string): GatewayManifest {
  const { custom, functions } = manifest.parse(parse(text));
  const { authorizer, open } = custom.gateway;
  const routes = Object.entries(functions).flatMap(([name, { events }]) =>
    events.flatMap(({ http }) => (http === undefined ? [] : [{ ...http, function: name }])),
  );
  return { routes, authorizer, open };
}
