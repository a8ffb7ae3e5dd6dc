import * as z from "zod";
import type { RestRequest } from "../../shared/api/rest/rest-message.ts";
import { OrreryError } from "../../shared/core/errors.ts";

const strings = z.record(z.string(), z.string()).nullish();

/** API gateway events, payload format 0.1 or 1.0: the members we read, whatever else there is. */
const httpEvent = z.object({
  httpMethod: z.string(),
  headers: strings,
  queryStringParameters: strings,
  multiValueQueryStringParameters: z.record(z.string(), z.array(z.string())).nullish(),
  /** 0.1: the path with its query; its `path` is the template of the route. */
  url: z.string().optional(),
  path: z.string().optional(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
  requestContext: z.object({
    requestId: z.string(),
    /** What our authorizer handed on; on a laptop there is none, and the header arrives as it is. */
    authorizer: z.object({ authorization: z.string().optional() }).nullish(),
  }),
});

/** Reads an HTTP event. Source: API Gateway, "Cloud Functions integration", request structure. */
export function decodeHttpEvent(event: unknown): RestRequest {
  const result = httpEvent.safeParse(event);
  if (!result.success) {
    throw new OrreryError(
      "MESSAGE_INVALID",
      `This is no HTTP event: ${z.prettifyError(result.error)}`,
    );
  }
  const { data } = result;
  const handedOn = data.requestContext.authorizer?.authorization;
  const headers = [
    // First, so that a header that did arrive stands.
    ...(handedOn === undefined ? [] : [["authorization", handedOn] as const]),
    ...Object.entries(data.headers ?? {}),
  ];
  const [path = ""] = (data.url ?? data.path ?? "").split("?");
  return {
    method: data.httpMethod.toUpperCase(),
    path,
    query: queryOf(data),
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(data.body ?? "", data.isBase64Encoded === true ? "base64" : "utf8"),
    requestId: data.requestContext.requestId,
  };
}

/** Every value of every parameter; the single ones hold only the last of each. */
function queryOf(data: z.infer<typeof httpEvent>): RestRequest["query"] {
  const { multiValueQueryStringParameters: all, queryStringParameters: last } = data;
  if (all === undefined || all === null) return Object.entries(last ?? {});
  return Object.entries(all).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  );
}
