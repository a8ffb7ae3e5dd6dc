import {
  create,
  createRegistry,
  type DescMethod,
  type DescService,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { file_google_protobuf_wrappers } from "@bufbuild/protobuf/wkt";
import { registry } from "../../../shared/api/any.ts";
import type { Api, Incoming } from "../../../shared/api/api.ts";
import type { HttpRule } from "../../../shared/gen/google/api/http_pb.ts";
import { handleRest } from "../../../shared/api/rest/handle-rest.ts";
import type { RestAnswer } from "../../../shared/api/rest/rest-message.ts";

/** Every service of the protos. */
export const everyService: readonly DescService[] = [...registry].filter(
  (each) => each.kind === "service",
);

/** Every method of the protos. */
export const everyMethod: readonly DescMethod[] = everyService.flatMap(({ methods }) => methods);

export const everyMessage: Registry = createRegistry(registry, file_google_protobuf_wrappers);

/** The path that a rule states. */
export function pathOf({ value }: HttpRule["pattern"]): string {
  return typeof value === "string" ? value : (value?.path ?? "");
}

/** A call as it left the face. */
export interface RecordedCall {
  readonly method: DescMethod;
  readonly incoming: Incoming;
  readonly request: Message;
}

type Answers = (call: RecordedCall) => Message | readonly Message[];

/** An API that keeps what it is called with, and answers what a test says or an empty message. */
export class RecordingApi implements Api {
  readonly services = everyService;
  readonly registry = everyMessage;
  readonly calls: RecordedCall[] = [];
  /** How many messages of streams were taken. */
  taken = 0;
  readonly #answers: Answers;

  constructor(answers: Answers = ({ method }) => create(method.output)) {
    this.#answers = answers;
  }

  async unary(method: DescMethod, incoming: Incoming, request: Message): Promise<Message> {
    const call = { method, incoming, request };
    this.calls.push(call);
    return await Promise.resolve(this.#answers(call) as Message);
  }

  async *serverStream(
    method: DescMethod,
    incoming: Incoming,
    request: Message,
  ): AsyncIterable<Message> {
    const call = { method, incoming, request };
    this.calls.push(call);
    const answers = await Promise.resolve(this.#answers(call));
    for (const answer of Array.isArray(answers) ? (answers as readonly Message[]) : [answers]) {
      this.taken += 1;
      yield answer as Message;
    }
  }

  clientStream(): Promise<Message> {
    return Promise.reject(new Error("HTTP has no client streams"));
  }
}

/** What a test sends: a target with its query, and a body that is JSON unless it is bytes. */
export interface Sent {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Sends a request as a front would hand it on. */
export async function send(api: Api, sent: Sent): Promise<RestAnswer> {
  const { method = "GET", target, headers = {}, body } = sent;
  const [path = "", query = ""] = target.split("?");
  const bytes =
    body === undefined
      ? new Uint8Array()
      : body instanceof Uint8Array
        ? body
        : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return await handleRest(api, {
    method,
    path,
    query: [...new URLSearchParams(query)],
    headers,
    body: bytes,
    requestId: "req-1",
  });
}

/** The answer's body as JSON. */
export function jsonOf(answer: RestAnswer): unknown {
  return JSON.parse(answer.body);
}
