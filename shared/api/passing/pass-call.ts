import { fromBinary, toBinary, type DescMethod, type Message } from "@bufbuild/protobuf";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { OrreryError } from "../../core/errors.ts";
import { digest } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { ProviderRefusal, type Provider } from "../../ports/provider.ts";
import { ApiError } from "../api-error.ts";
import { Code } from "../code.ts";
import type { Call } from "../call.ts";

/**
 * Makes a caller's call at the provider, with the installation's credentials, and answers as the
 * provider does: fields that are unknown to us stay in, and a refusal keeps its code, its text and its
 * details. Who may call is for the pipeline to have seen to.
 */
export async function passCall(
  provider: Provider,
  { method, mutates }: { readonly method: DescMethod; readonly mutates: boolean },
  request: Message,
  call: Pick<Call, "once">,
): Promise<Message> {
  try {
    const answer = await provider.call({
      path: `/${method.parent.typeName}/${method.name}`,
      request: toBinary(method.input, request),
      effect: mutates ? "some" : "none",
      ...(call.once === undefined ? {} : { key: keyThere(call.once) }),
    });
    return fromBinary(method.output, answer);
  } catch (error) {
    throw error instanceof ProviderRefusal ? refusalOf(error, method) : error;
  }
}

/** All our callers are one to the provider, so a key of one must not meet that of another. */
function keyThere({ scope, key }: NonNullable<Call["once"]>): string {
  const hex = digest([scope, key], 32);
  return [8, 12, 16, 20, 32]
    .map((end, index, ends) => hex.slice(ends[index - 1] ?? 0, end))
    .join("-");
}

/**
 * The token that DataSphere does not accept is the installation's, but where the request itself holds
 * one: a caller who is told of its own would look for a new one in vain.
 */
function refusalOf(refusal: ProviderRefusal, { input }: DescMethod): Error {
  const { code, message, status, cause } = refusal;
  if (code === Code.UNAUTHENTICATED && input.field["token"] === undefined) {
    return new OrreryError(
      "PROVIDER_UNAUTHENTICATED",
      `DataSphere does not accept this installation's credentials: ${message}`,
      { cause: refusal },
    );
  }
  return new ApiError(code, cut(message), detailsIn(status), { cause });
}

/** Text and details travel in headers, which a client reads only so far. */
function cut(message: string): string {
  return message.slice(0, limits.apiErrorBytes).toWellFormed();
}

function detailsIn(status: Uint8Array | undefined): ApiError["details"] {
  if (status === undefined) return [];
  try {
    return fromBinary(StatusSchema, status).details;
  } catch {
    // What cannot be read is nobody's help; code and text are there.
    return [];
  }
}
