import {
  fromJson,
  fromJsonString,
  type DescMessage,
  type DescMethod,
  type JsonValue,
  type Message,
  type MessageShape,
  create,
} from "@bufbuild/protobuf";
import { registry } from "../../shared/api/any.ts";
import { ApiError } from "../../shared/api/api-error.ts";
import { Code } from "../../shared/api/code.ts";
import { bindingsOf } from "../../shared/api/rest/http-binding.ts";
import { assert } from "../../shared/core/assert.ts";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";
import type { ApiClient } from "../api-client.ts";
import { pause } from "../poll-until.ts";
import { httpRequestOf, type HttpRequest } from "./rest-request.ts";

export interface RemoteOptions {
  /** As `parseEndpoint` gives it. */
  readonly endpoint: string;
  readonly token: string;
  readonly clock: Clock & Alarms;
}

/**
 * Calls the methods of a platform elsewhere over its REST face. What only reads is asked again where
 * the answer was lost; of anything else it is said that nobody knows. Throws an `ApiError` for what
 * the platform answered, and ENDPOINT_UNREACHABLE where it did not answer.
 */
export function remoteClient(options: RemoteOptions): ApiClient {
  const ask = async (method: DescMethod, message: Message): Promise<string> => {
    const [binding] = bindingsOf(method);
    assert(binding !== undefined, `${method.toString()} has a route`);
    const request = httpRequestOf(binding, message, registry);
    return await askAgain(options, request);
  };
  return {
    async call(method, request) {
      return decode(method.output, await ask(method, create(method.input, request)));
    },
    async *stream(method, request) {
      const answers = parse(await ask(method, create(method.input, request)));
      assert(Array.isArray(answers), "a stream is answered with a list");
      for (const answer of answers) yield fromJson(method.output, answer, { registry });
    },
  };
}

async function askAgain(options: RemoteOptions, request: HttpRequest): Promise<string> {
  const tries = request.method === "GET" ? limits.remoteTries : 1;
  for (let number = 1; ; number += 1) {
    const answered = await answerTo(options, request);
    if (answered.ok) return answered.text;
    if (number >= tries || !answered.again) throw answered.error;
    await pause(options.clock, limits.remotePauseMs);
  }
}

type Answered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: Error; readonly again: boolean };

async function answerTo(options: RemoteOptions, request: HttpRequest): Promise<Answered> {
  const { endpoint, token, clock } = options;
  const over = new AbortController();
  const cancel = clock.set(plusMs(clock.now(), limits.remoteCallMs), () => over.abort());
  try {
    const response = await fetch(`${endpoint}${request.path}`, {
      method: request.method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      // A token goes to the host that it was meant for, and to no other.
      redirect: "error",
      signal: over.signal,
    });
    const text = await bounded(response);
    if (response.ok) return { ok: true, text };
    const error = errorOf(text, response.status);
    return { ok: false, error, again: error.code === Code.UNAVAILABLE };
  } catch (thrown) {
    return { ok: false, error: unreachable(options, request, thrown), again: true };
  } finally {
    cancel();
  }
}

/** The text of an answer, as long as it is one of ours. */
async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > limits.remoteAnswerBytes) {
      throw new Error(`its answer has more than ${limits.remoteAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The status that a platform answered with, or what stands before it, such as a gateway. */
function errorOf(text: string, httpStatus: number): ApiError {
  try {
    const { code, message, details } = fromJsonString(StatusSchema, text, { registry });
    if (code !== 0) return new ApiError(code, withHint(code, message), details);
  } catch {
    // Then it is not a platform's answer.
  }
  const code = CODES[httpStatus] ?? (httpStatus >= 500 ? Code.UNAVAILABLE : Code.UNKNOWN);
  const message = `The endpoint answered ${httpStatus}, and not in a platform's words`;
  return new ApiError(code, withHint(code, message));
}

/** What a gateway says by the status alone. Source: API Gateway, "Authorization". */
const CODES: Readonly<Record<number, number>> = {
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
  404: Code.NOT_FOUND,
  429: Code.RESOURCE_EXHAUSTED,
};

function withHint(code: number, message: string): string {
  return code === Code.UNAUTHENTICATED
    ? `${message}: set ORRERY_TOKEN to a token that the platform knows`
    : message;
}

function unreachable(
  { endpoint }: RemoteOptions,
  { method }: HttpRequest,
  thrown: unknown,
): OrreryError {
  const isOver = thrown instanceof Error && thrown.name === "AbortError";
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const why = isOver ? `it did not answer within ${limits.remoteCallMs} ms` : messageOf(cause);
  const known = method === "GET" ? "" : "; it is not known whether the call took effect";
  return new OrreryError(
    "ENDPOINT_UNREACHABLE",
    `${endpoint} cannot be reached: ${why}${known}. Is --endpoint right?`,
    { cause: thrown },
  );
}

function decode<O extends DescMessage>(output: O, text: string): MessageShape<O> {
  // A newer platform may say more than this version knows.
  return fromJson(output, parse(text), { registry, ignoreUnknownFields: true });
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new ApiError(Code.UNKNOWN, `The endpoint's answer is not JSON: ${messageOf(error)}`);
  }
}
