import { z } from "zod";
import { OrreryError } from "../../shared/core/errors.ts";

const strings = z.record(z.string(), z.string()).nullish();

/** API gateway events, payload format 0.1 or 1.0: the members we read, whatever else there is. */
const httpEvent = z.object({
  httpMethod: z.string(),
  headers: strings,
  queryStringParameters: strings,
  /** 1.0: the path template of the route; 0.1 calls it `path`. */
  resource: z.string().optional(),
  path: z.string().optional(),
  pathParameters: strings,
  pathParams: strings,
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** A request, whichever format the gateway was told to use. */
export interface HttpRequest {
  readonly method: string;
  /** The route's template: `/orrery/v1/runs/{run}`. */
  readonly resource: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads an HTTP event. Source: API Gateway, "Cloud Functions integration", request structure. */
export function decodeHttpEvent(event: unknown): HttpRequest {
  const result = httpEvent.safeParse(event);
  if (!result.success) {
    throw new OrreryError(
      "MESSAGE_INVALID",
      `This is no HTTP event: ${z.prettifyError(result.error)}`,
    );
  }
  const { data } = result;
  const headers = Object.entries(data.headers ?? {});
  const body = data.body ?? "";
  return {
    method: data.httpMethod.toUpperCase(),
    resource: data.resource ?? data.path ?? "",
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    query: data.queryStringParameters ?? {},
    parameters: data.pathParameters ?? data.pathParams ?? {},
    body: data.isBase64Encoded === true ? Buffer.from(body, "base64").toString("utf8") : body,
  };
}
