import { createHash } from "node:crypto";
import type { Api } from "../../shared/api/api.ts";
import { handleRest } from "../../shared/api/rest/handle-rest.ts";
import type { RestAnswer, RestRequest } from "../../shared/api/rest/rest-message.ts";
import type { Wiring } from "../wiring.ts";

export const OPENAPI_PATH = "/openapi/";

/** A document as it is sent. */
interface Printed {
  readonly body: string;
  readonly tag: string;
}

const OURS = "orrery.";

const DOCUMENTS: Readonly<
  Record<string, { readonly title: string; readonly description: string }>
> = {
  "datasphere.json": {
    title: "DataSphere API",
    description:
      "Yandex DataSphere's API, v1 and v2, as Orrery serves it. Routes with `x-orrery-route` are Orrery's own.",
  },
  "orrery.json": {
    title: "Orrery API",
    description: "Schedules, runs, units and notifications of an Orrery installation.",
  },
};

/** The documents never change while a process lives, so each is made once, when it is asked for. */
const printed = new WeakMap<Api, Map<string, Printed>>();

/** Answers with the description of an API. It says nothing secret, so it needs no token. */
export async function answerOpenApi(wiring: Wiring, request: RestRequest): Promise<RestAnswer> {
  const name = request.path.slice(OPENAPI_PATH.length);
  const isKnown = Object.hasOwn(DOCUMENTS, name);
  // Any other path or method is answered as the API answers what it does not have.
  if (!isKnown || !["GET", "HEAD"].includes(request.method)) {
    return await handleRest(wiring.api, request);
  }
  const { body, tag } = await documentOf(wiring, name);
  const headers = {
    "Content-Type": "application/json; charset=utf-8",
    // Kept, but asked about each time: a new version of the program describes a new API.
    "Cache-Control": "public, no-cache",
    ETag: tag,
    "X-Content-Type-Options": "nosniff",
  };
  if (request.headers["if-none-match"] === tag) return { status: 304, headers, body: "" };
  return { status: 200, headers, body: request.method === "HEAD" ? "" : body };
}

async function documentOf({ api, publicUrl }: Wiring, name: string): Promise<Printed> {
  const known = printed.get(api) ?? new Map<string, Printed>();
  printed.set(api, known);
  const url = publicUrl();
  const key = `${name} ${url}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  // Loaded only here: no call of the API needs the texts.
  const [{ openApiDocument }, { descriptions }] = await Promise.all([
    import("../../shared/api/openapi/document.ts"),
    import("../../shared/gen/descriptions.ts"),
  ]);
  const about = DOCUMENTS[name] ?? { title: "", description: "" };
  const isOurs = name.startsWith(OURS);
  const services = api.services.filter(({ typeName }) => typeName.startsWith(OURS) === isOurs);
  const { registry } = api;
  const body = JSON.stringify(openApiDocument({ ...about, services, registry, descriptions, url }));
  const tag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
  known.set(key, { body, tag });
  return { body, tag };
}
