import type { DescMessage, DescService, Message, MessageShape } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { registry } from "../../shared/api/any.ts";
import { ApiError } from "../../shared/api/api-error.ts";
import type { ApiServices } from "../../shared/api/api-services.ts";
import type { Api, Incoming } from "../../shared/api/api.ts";
import { createApi } from "../../shared/api/create-api.ts";
import type { ServedService } from "../../shared/api/handlers.ts";
import { assert } from "../../shared/core/assert.ts";
import type { Subject } from "../../shared/core/access/access.ts";
import type { Transaction } from "../../shared/ports/store.ts";
import { createToken } from "../../shared/usecases/access/tokens.ts";
import { World } from "../support/world.ts";

/** Handlers of a test, by the local names of their methods. */
export type Handlers = Readonly<Record<string, (request: never, call: never) => unknown>>;

/** A service of which a test answers some methods; the others fail. */
export function served(service: DescService, handlers: Handlers): ServedService {
  const rest = service.methods.map(({ localName }) => [
    localName,
    () => {
      throw new Error(`No test answers ${localName}`);
    },
  ]);
  return { service, handlers: { ...(Object.fromEntries(rest) as Handlers), ...handlers } };
}

/** The pipeline over a world's real store, before handlers of a test. */
export class ApiWorld {
  readonly world = new World();
  readonly api: Api;

  constructor(...services: readonly ServedService[]) {
    this.api = createApi(this.services, services);
  }

  get services(): ApiServices {
    return { ...this.world.services, apiToken: "token", publicUrl: () => "http://127.0.0.1:7070" };
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  /** A fresh token that stands for a user account. */
  async tokenOf(id: string): Promise<string> {
    return (await createToken(this.services, aSubject(id))).secret;
  }

  /** Writes rows as a use case would. */
  async write(body: (tx: Transaction) => void): Promise<void> {
    await this.services.store.transact("test", (tx) => {
      body(tx);
      return Promise.resolve();
    });
  }
}

function aSubject(id: string): Subject {
  return { id, type: "userAccount" };
}

/** The token that a world's services have as the installation's own. */
export const PLATFORM = { authorization: "Bearer token" };

/** A call from outside with these headers. */
export function incoming(
  headers: Readonly<Record<string, string>> = PLATFORM,
  signal: AbortSignal = new AbortController().signal,
): Incoming {
  return { header: (name) => headers[name], signal, follows: true };
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

/** Everything that a stream hands on. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const each of stream) all.push(each);
  return all;
}

/** How a call failed. */
export async function failureOf(answer: Promise<unknown>): Promise<ApiError> {
  try {
    await answer;
  } catch (error) {
    assert(
      error instanceof ApiError,
      `the call failed as the API fails, not with ${String(error)}`,
    );
    return error;
  }
  throw new Error("The call succeeded");
}

/** The detail of this type in a failure. */
export function detail<S extends DescMessage>(failure: ApiError, schema: S): MessageShape<S> {
  const [found] = failure.details.flatMap((any): readonly Message[] => {
    const message = anyUnpack(any, registry);
    return message?.$typeName === schema.typeName ? [message] : [];
  });
  assert(found !== undefined, `the failure has a ${schema.typeName}`);
  return found as MessageShape<S>;
}
