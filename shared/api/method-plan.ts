import type { DescMethod, Message } from "@bufbuild/protobuf";
import { assert } from "../core/assert.ts";
import { OrreryError, type WrongField } from "../core/errors.ts";
import type { Demand } from "../usecases/access/look-up.ts";
import { methodRule } from "./access-rule.ts";
import type { Reading, ServedService } from "./handlers.ts";
import { INHERITED } from "./validation/inherited.ts";
import { compileValidator } from "./validate.ts";

/** Everything about a method that is the same for each of its calls. */
export interface MethodPlan {
  readonly method: DescMethod;
  /** `yandex.cloud.datasphere.v2.ProjectService/Get`. */
  readonly name: string;
  readonly mutates: boolean;
  /** Of a method with one message and one answer; what it resolves to makes the answer. */
  readonly read: Reading<unknown, unknown>["read"];
  /** Of a method with a stream. */
  readonly stream: (request: unknown, call: unknown) => unknown;
  readonly demand: (request: Message) => Demand;
  /** Throws `ARGUMENT_INVALID` with every violation at once. */
  readonly validate: (request: Message) => void;
  /** Throws where the field that names the method's resource is empty. */
  readonly validateResource: (request: Message, demand: Demand) => void;
}

/**
 * Reads what the protos say about each method of the services. A method without an access rule, with
 * a rule that cannot be read, or without a handler fails the start, not its first call.
 */
export function planMethods(served: readonly ServedService[]): ReadonlyMap<DescMethod, MethodPlan> {
  const plans = new Map<DescMethod, MethodPlan>();
  for (const { service, handlers } of served) {
    for (const method of service.methods) {
      assert(!plans.has(method), `${method.toString()} is served once`);
      plans.set(method, planMethod(method, handlers[method.localName]));
    }
    for (const name of Object.keys(handlers)) {
      assert(name in service.method, `${service.toString()} has a method for its handler ${name}`);
    }
  }
  return plans;
}

function planMethod(method: DescMethod, handler: unknown): MethodPlan {
  assert(isFunction(handler) || isReading(handler), `${method.toString()} has a handler`);
  assert(
    method.methodKind !== "bidi_streaming",
    `${method.toString()} is of a kind that is served`,
  );
  const name = `${method.parent.typeName}/${method.name}`;
  const { mutates, demand, field } = methodRule(method);
  assert(
    isFunction(handler) || (method.methodKind === "unary" && !mutates),
    `${method.toString()} is answered by what it reads, and changes nothing`,
  );
  const violations = compileValidator(method.input, INHERITED[name]);
  return {
    method,
    name,
    mutates,
    ...answering(handler),
    demand,
    validate: (request) => {
      refuse(violations(request));
    },
    validateResource: (request, demanded) => {
      if (field === undefined || !("id" in demanded) || demanded.id !== "") return;
      const found = violations(request);
      const isTold = found.some((wrong) => wrong.field === field);
      refuse(isTold ? found : [{ field, description: "must be set" }, ...found]);
    },
  };
}

type Handler = MethodPlan["stream"];
type AnyReading = Reading<unknown, unknown>;

function isFunction(handler: unknown): handler is Handler {
  return typeof handler === "function";
}

function isReading(handler: unknown): handler is AnyReading {
  return typeof handler === "object" && handler !== null && "read" in handler;
}

/** A handler that reads for itself needs nothing of the snapshot that its call was let in by. */
function answering(handler: Handler | AnyReading): Pick<MethodPlan, "read" | "stream"> {
  if (isFunction(handler)) {
    const read: MethodPlan["read"] = async (_reader, request, call) =>
      await Promise.resolve(() => handler(request, call));
    return { read, stream: handler };
  }
  const stream = (): never => {
    throw new Error("Invariant broken: what is answered by reading is no stream");
  };
  return { read: handler.read, stream };
}

/** How many violations the sentence itself names; the rest stands in the details. */
const TOLD = 3;

function refuse(wrong: readonly WrongField[]): void {
  if (wrong.length === 0) return;
  const told = wrong.slice(0, TOLD).map(({ field, description }) => `${field} ${description}`);
  const more = wrong.length > TOLD ? `; and ${wrong.length - TOLD} more` : "";
  throw new OrreryError("ARGUMENT_INVALID", `Invalid request: ${told.join("; ")}${more}`, {
    fields: wrong,
  });
}
