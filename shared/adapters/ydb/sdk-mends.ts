import type { Driver, TableSession } from "ydb-sdk";
import { assert } from "../../core/assert.ts";
import { YdbFailure } from "./failure.ts";
import { sdk } from "./sdk.ts";

/** What the SDK's types hide, of its pool and of the endpoints that it has found. */
interface PoolInnards {
  prepopulateSessions: () => void;
  deleteSession: (session: TableSession) => Promise<void>;
}

interface DriverInnards {
  readonly discoveryService: { readonly endpoints: readonly EndpointInnards[] };
}

interface EndpointInnards {
  readonly address: string;
  readonly port: number;
}

/** Deletions of sessions, each ended well or not. */
const deletions = new WeakMap<TableSession, Promise<void>>();

/** Resolves once the session's deletion has ended, if one began. */
export async function deletionOf(session: TableSession): Promise<void> {
  await deletions.get(session);
}

const mended = new WeakSet();

/**
 * Mends the SDK's pool, for this process. It makes a session nobody asked for, and deletes sessions
 * while nobody listens: where either fails, Node ends the process.
 */
export function mendPool(): void {
  const pool = sdk.TableSessionPool.prototype as unknown as PoolInnards;
  if (mended.has(pool)) return;
  const { prepopulateSessions, deleteSession } = pool;
  assert(typeof prepopulateSessions === "function", "the SDK's pool has prepopulateSessions");
  assert(typeof deleteSession === "function", "the SDK's pool has deleteSession");
  mended.add(pool);
  pool.prepopulateSessions = () => undefined;
  pool.deleteSession = async function (session) {
    const deletion = deleteSession.call(this, session).catch(() => undefined);
    deletions.set(session, deletion);
    await deletion;
  };
}

/** Mends the SDK's endpoints, for this process: all of them turn into what YDB_ENDPOINT says. */
export function mendEndpoints(driver: Driver): void {
  const [endpoint] = (driver as unknown as DriverInnards).discoveryService.endpoints;
  if (endpoint === undefined) {
    throw new YdbFailure("ANSWER_INVALID", "the database named no endpoint");
  }
  const shared = Object.getPrototypeOf(endpoint) as object;
  if (mended.has(shared)) return;
  assert(Object.hasOwn(shared, "toString"), "the SDK's endpoint has its own toString");
  mended.add(shared);
  Object.assign(shared, {
    toString(this: EndpointInnards): string {
      const host = this.address.includes(":") ? `[${this.address}]` : this.address;
      return `${host}:${this.port}`;
    },
  });
}
