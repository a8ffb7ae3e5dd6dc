import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { OperationServiceService } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import { rest, type DataSphereEngine } from "./engine.ts";
import { DataSphereFailure, operationFailure } from "./failure.ts";

type Calling = Pick<DataSphereEngine, "session" | "clock">;

/** An operation as it is by now. */
export async function getOperation(
  { session }: Pick<DataSphereEngine, "session">,
  operationId: string,
): Promise<Operation> {
  return await session.call(OperationServiceService.get, { operationId });
}

/**
 * Follows an operation that is soon over, such as a creation. Resolves to it when it is done and has
 * a response. Rejects with what it failed of, or `unavailable` where it takes too long.
 */
export async function finished(engine: Calling, operation: Operation): Promise<Operation> {
  const until = plusMs(engine.clock.now(), limits.datasphereOperationMs);
  for (let seen = operation; ; seen = await getOperation(engine, operation.id)) {
    if (seen.error !== undefined) throw operationFailure(seen.error.code, seen.error.message);
    if (seen.done) return seen;
    if (engine.clock.now() >= until) {
      const message = `operation ${operation.id} is not done within ${limits.datasphereOperationMs} ms`;
      throw new DataSphereFailure("UNAVAILABLE", "unavailable", message);
    }
    await rest(engine, limits.datasphereOperationPollMs);
  }
}

/** A message of the SDK, as far as reading goes. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
}

/** What a packed message holds; undefined where it is of another type, or cannot be read. */
export function unpacked<T>(
  packed: { readonly typeUrl: string; readonly value: Uint8Array } | undefined,
  type: string,
  codec: Codec<T>,
): T | undefined {
  if (packed === undefined || packed.typeUrl.split("/").at(-1) !== type) return undefined;
  try {
    return codec.decode(packed.value);
  } catch {
    return undefined;
  }
}
