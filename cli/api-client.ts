import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Api, Incoming } from "../shared/api/api.ts";
import { ApiError } from "../shared/api/api-error.ts";
import { Code } from "../shared/api/code.ts";

/** Calls methods of the API, in this process or of a platform elsewhere. */
export interface ApiClient {
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>>;
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
  ): AsyncIterable<MessageShape<O>>;
}

/** Calls the API in this process, with the same checks as any other caller meets. */
export function localClient(api: Api, token: string): ApiClient {
  const incoming: Incoming = {
    header: (name) => (name === "authorization" ? `Bearer ${token}` : undefined),
    signal: new AbortController().signal,
    follows: true,
  };
  return {
    async call(method, request) {
      const answer = await api.unary(method, incoming, create(method.input, request));
      return retyped(method.output, answer);
    },
    async *stream(method, request) {
      const answers = api.serverStream(method, incoming, create(method.input, request));
      for await (const answer of answers) yield retyped(method.output, answer);
    },
  };
}

/** What a listing is asked for, and what it answers with, whatever its items are called. */
interface ListedPage<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

/** The first items of a listing, `limit` at most, over as many pages as that takes. */
export async function firstItems<Item>(
  limit: number,
  list: (page: {
    readonly pageSize: bigint;
    readonly pageToken: string;
  }) => Promise<ListedPage<Item>>,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  let pageToken = "";
  do {
    const page = await list({ pageSize: BigInt(limit - found.length), pageToken });
    found.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && found.length < limit);
  return found;
}

/** Whether a call failed because what it named does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === Code.NOT_FOUND;
}

/** The pipeline made it of this schema; only its type was lost on the way. */
function retyped<O extends DescMessage>(schema: O, message: object): MessageShape<O> {
  return create(schema, message as MessageInitShape<O>);
}
