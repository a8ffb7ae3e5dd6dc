import type { Json } from "../ports/table.ts";

/**
 * Stores an entity as JSON and reads it back. Entities are plain data whose optional fields are
 * absent rather than undefined, so the round trip is exact; the store is ours alone, so the type
 * is what we wrote.
 */
export function toBody(entity: object): Json {
  return entity as Json;
}

// The type parameter names what this product wrote under the same table: the one cast there is.
export function fromBody<T>(body: Json): T {
  return body as unknown as T;
}
