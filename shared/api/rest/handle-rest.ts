import { toJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import { ApiError } from "../api-error.ts";
import type { Api, Incoming } from "../api.ts";
import { Code } from "../code.ts";
import { clientRequestId } from "../request-id.ts";
import type { HttpBinding } from "./http-binding.ts";
import { readRequest } from "./read-request.ts";
import { httpStatusOf, statusHeaders, statusJson, withRequestInfo } from "./rest-error.ts";
import type { RestAnswer, RestRequest } from "./rest-message.ts";
import { routerOf, type Router } from "./router.ts";

/**
 * Answers one HTTP request by the method that its route names, as `google.api.http` and the
 * canonical JSON form say; a failure is answered with `google.rpc.Status`. A stream is answered
 * with the list of what it has now. Rejects only where we are wrong, never for a request.
 */
export async function handleRest(api: Api, request: RestRequest): Promise<RestAnswer> {
  const requestId = clientRequestId(request.headers["x-client-request-id"]) ?? request.requestId;
  const answered = await answerOf(api, request, requestId);
  const headers = { ...COMMON_HEADERS, "X-Request-Id": requestId, ...answered.headers };
  const body = request.method === "HEAD" ? "" : answered.body;
  return { status: answered.status, headers, body };
}

/** Answers hold signed URLs and tokens, so nobody keeps them; and they are never a page. */
const COMMON_HEADERS = {
  "Content-Type": "application/json; charset=utf-8",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

async function answerOf(api: Api, request: RestRequest, requestId: string): Promise<RestAnswer> {
  const failed = failure(api, requestId);
  const routed = routerFor(api).route(request.method, request.path);
  if (routed.kind === "nothing") {
    return failed(
      new ApiError(Code.NOT_FOUND, `There is no ${request.method} ${shownPath(request)}`),
    );
  }
  if (routed.kind === "method") {
    const headers = { Allow: routed.allowed.join(", ") };
    if (request.method === "OPTIONS") return { status: 204, headers, body: "" };
    const message = `${shownPath(request)} takes ${headers.Allow}, not ${request.method}`;
    return failed(new ApiError(Code.UNIMPLEMENTED, message), { status: 405, headers });
  }
  const refused = unreadable(request);
  if (refused !== undefined) return failed(refused, { status: 415, headers: {} });
  try {
    const message = readRequest(routed.binding, routed.segments, request, api.registry);
    return {
      status: 200,
      headers: {},
      body: await call(api, routed.binding, { request, requestId, message }),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return failed(error);
  }
}

interface RestCall {
  readonly request: RestRequest;
  readonly requestId: string;
  readonly message: Message;
}

async function call(api: Api, binding: HttpBinding, made: RestCall): Promise<string> {
  const { method } = binding;
  const { request, requestId, message } = made;
  const over = new AbortController();
  const incoming: Incoming = {
    header: (name) => (name === "x-client-request-id" ? requestId : request.headers[name]),
    signal: over.signal,
    follows: false,
  };
  const json = (answer: Message): string => JSON.stringify(answerJson(api, binding, answer));
  if (method.methodKind !== "server_streaming")
    return json(await api.unary(method, incoming, message));
  try {
    return await listed(api.serverStream(method, incoming, message), json);
  } finally {
    over.abort();
  }
}

/** The messages that fit; the offset of the last one leads to the rest. The first always fits. */
async function listed(
  answers: AsyncIterable<Message>,
  json: (answer: Message) => string,
): Promise<string> {
  const texts: string[] = [];
  let bytes = 0;
  for await (const answer of answers) {
    const text = json(answer);
    bytes += Buffer.byteLength(text) + 1;
    if (texts.length > 0 && bytes > limits.restStreamBytes) break;
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

function answerJson(api: Api, { method, responseBody }: HttpBinding, answer: Message): JsonValue {
  const json = toJson(method.output, answer, { registry: api.registry });
  if (responseBody === undefined) return json;
  assert(
    typeof json === "object" && json !== null && !Array.isArray(json),
    "a message is an object",
  );
  return json[responseBody.jsonName] ?? null;
}

interface Instead {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

function failure(api: Api, requestId: string): (error: ApiError, instead?: Instead) => RestAnswer {
  return (error, instead = {}) => {
    const named = withRequestInfo(error, requestId);
    return {
      status: instead.status ?? httpStatusOf(named.code),
      headers: { ...statusHeaders(named), ...instead.headers },
      body: JSON.stringify(statusJson(named, api.registry)),
    };
  };
}

/** Why a body cannot be read at all: it says itself that it is something else than JSON. */
function unreadable({ headers, body }: RestRequest): ApiError | undefined {
  if (body.length === 0) return undefined;
  const type = headers["content-type"];
  if (type !== undefined && !READABLE.test(type.trim())) {
    return new ApiError(Code.INVALID_ARGUMENT, "Send the body as Content-Type: application/json");
  }
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() === "identity") return undefined;
  return new ApiError(Code.INVALID_ARGUMENT, "Send the body without a Content-Encoding");
}

/** JSON by its name, and what `curl -d` and `fetch` call a text whose type nobody gave. */
const READABLE =
  /^(application\/([\w.-]+\+)?json|application\/x-www-form-urlencoded|text\/plain)\s*(;|$)/i;

/** A path in a message: whoever sent ten thousand characters knows them. */
function shownPath({ path }: RestRequest): string {
  return path.length <= SHOWN_CHARS ? path : `${path.slice(0, SHOWN_CHARS)}…`;
}

const SHOWN_CHARS = 200;

const routers = new WeakMap<Api, Router>();

function routerFor(api: Api): Router {
  const known = routers.get(api);
  if (known !== undefined) return known;
  const router = routerOf(api.services);
  routers.set(api, router);
  return router;
}
