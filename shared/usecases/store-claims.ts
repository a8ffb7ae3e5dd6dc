import type { AttemptId } from "../core/ids.ts";
import type { ExecutionClaims, Held } from "../ports/execution-claims.ts";
import type { Transaction } from "../ports/store.ts";
import { deleteClaim, readClaim, writeClaim } from "../records/claim-record.ts";
import type { Services } from "./services.ts";

/**
 * Claims in the store, a small row for each attempt. Each verb is one transaction of one read and at
 * most one write, so repeating it, or running its body twice, changes nothing.
 */
export function storeClaims(services: Pick<Services, "store" | "clock">): ExecutionClaims {
  const { store, clock } = services;

  /** Lets `next` decide about what stands; undefined leaves it as it is. */
  async function change<T extends Held | undefined>(
    label: string,
    attempt: AttemptId,
    next: (held: Held | undefined) => Held | undefined,
  ): Promise<T> {
    const now = clock.now();
    const held = await store.transact(label, async (tx) => {
      const before = await readClaim(tx, attempt);
      const after = next(before);
      if (after !== undefined) writeClaim(tx, after, now);
      return after ?? before;
    });
    return held as T;
  }

  return {
    find: async (attempt) =>
      await store.snapshot(async (reader) => await readClaim(reader, attempt)),

    async claim(claim, found) {
      return await change<Held>("claim-execution", claim.attempt, (held) =>
        isFree(held, found?.revision) ? { kind: "claim", claim } : undefined,
      );
    },

    async amend(attempt, known) {
      return await change("amend-claim", attempt, (held) => {
        if (held?.kind !== "claim") return undefined;
        const claim = { ...known, ...held.claim };
        const isNews = Object.keys(claim).length > Object.keys(held.claim).length;
        return isNews ? { kind: "claim", claim } : undefined;
      });
    },

    async revoke(attempt, execution) {
      return await change<Held>("revoke-claim", attempt, (held) => {
        if (held?.kind === "claim" && held.claim.execution !== execution) return undefined;
        if (held?.kind === "revoked" && execution !== undefined) return undefined;
        const revision = held?.kind === "revoked" ? held.revocation.revision + 1 : 1;
        return { kind: "revoked", revocation: { attempt, revision } };
      });
    },

    async release(attempt) {
      await store.transact("release-claim", async (tx: Transaction) => {
        await Promise.resolve();
        deleteClaim(tx, attempt);
      });
    },
  };
}

function isFree(held: Held | undefined, found: number | undefined): boolean {
  return held === undefined
    ? found === undefined
    : held.kind === "revoked" && held.revocation.revision === found;
}
