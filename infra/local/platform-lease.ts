import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { formatInstant, instant, plusMs, type Instant } from "../../shared/core/time/instant.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Reader, Store } from "../../shared/ports/store.ts";
import { metaTable } from "../../shared/records/tables.ts";

/**
 * One platform drives a database, because the jobs that it starts are processes of its machine: for
 * another one they would be unknown, and their attempts fail. A row of the database names who does.
 *
 * D1 A data directory may always take over from itself, so a platform that was killed starts again
 *    at once. The directory's own lock keeps it from running twice.
 * D2 Another directory may take over once the lease has ended, by its own clock: within
 *    `limits.platformLeaseMs` of the death of the platform that had it, whatever killed it.
 * D3 A platform that finds another one in its place stops.
 */
export interface Holder {
  /** Of the data directory at its place, not of the process: a copy of it is another one. */
  readonly id: string;
  /** For people: which directory on which machine. */
  readonly place: string;
}

interface Lease {
  readonly holder: string;
  readonly place: string;
  readonly until: Instant;
}

const KEY = { name: "platform" } as const;

interface Services {
  readonly store: Store;
  readonly clock: Clock;
}

/** The lease of one platform, for as long as it runs. */
export class PlatformLease {
  /** The directory that drove the database before, where that was another one. */
  readonly before: string | undefined;
  /** Rejects with PLATFORM_RUNNING once another platform has it. */
  readonly lost: Promise<never>;
  readonly #services: Services;
  readonly #holder: Holder;
  readonly #lose: (reason: unknown) => void;

  private constructor(services: Services, holder: Holder, before: string | undefined) {
    this.before = before;
    this.#services = services;
    this.#holder = holder;
    const { promise, reject } = Promise.withResolvers<never>();
    this.lost = promise;
    this.#lose = reject;
    // Who does not wait for it is not to hear of it.
    promise.catch(() => undefined);
  }

  /** Throws PLATFORM_RUNNING where another directory has it. */
  static async take(services: Services, holder: Holder): Promise<PlatformLease> {
    return new PlatformLease(services, holder, await putLease(services, holder));
  }

  /** Makes it last from now on; due every `limits.platformLeaseRenewMs`. */
  async renew(): Promise<void> {
    try {
      await putLease(this.#services, this.#holder);
    } catch (error) {
      if (!(error instanceof OrreryError) || error.code !== "PLATFORM_RUNNING") throw error;
      this.#lose(error);
    }
  }

  /** Lets go of it, so that another directory need not wait. It stays known who had it. */
  async end(): Promise<void> {
    const { store, clock } = this.#services;
    const now = clock.now();
    await store.transact("platform-lease", async (tx) => {
      const found = await readLease(tx);
      if (found?.holder !== this.#holder.id) return;
      tx.put(metaTable, { ...KEY, body: { ...found, until: now } });
    });
  }
}

/** Resolves to the directory that had the lease before, where that was another one. */
async function putLease(
  { store, clock }: Services,
  { id, place }: Holder,
): Promise<string | undefined> {
  const now = clock.now();
  return await store.transact("platform-lease", async (tx) => {
    const found = await readLease(tx);
    if (found !== undefined && found.holder !== id && found.until > now) throw taken(found);
    const until = plusMs(now, limits.platformLeaseMs);
    tx.put(metaTable, { ...KEY, body: { holder: id, place, until } });
    return found?.holder === id ? undefined : found?.place;
  });
}

/** Whether a platform drives the database, on whatever machine. */
export async function isLeased({ store, clock }: Services): Promise<boolean> {
  const lease = await store.snapshot(readLease);
  return lease !== undefined && lease.until > clock.now();
}

async function readLease(reader: Reader): Promise<Lease | undefined> {
  const row = await reader.get(metaTable, KEY);
  if (row === undefined) return undefined;
  const { holder, place, until } = row.body as unknown as Lease;
  return { holder, place, until: instant(until) };
}

function taken({ place, until }: Lease): OrreryError {
  return new OrreryError(
    "PLATFORM_RUNNING",
    `The platform of ${place} drives this database, at least until ${formatInstant(until)}: stop it ` +
      "there. Where it is gone for good, start this one again after that.",
  );
}
