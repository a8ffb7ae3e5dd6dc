import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../shared/core/ids.ts";
import type { ExecutionClaim, ExecutionClaims } from "../../shared/ports/execution-claims.ts";
import { storeClaims } from "../../shared/usecases/store-claims.ts";
import { freshAttempt } from "../contract/executor.ts";
import { World } from "../support/world.ts";

let world: World;
let claims: ExecutionClaims;
let claim: ExecutionClaim;
beforeEach(() => {
  world = new World();
  claims = storeClaims(world.services);
  claim = {
    project: projectId("p"),
    attempt: freshAttempt(),
    execution: "job-1",
    claimedAt: world.clock.now(),
    work: { kind: "job", instanceTypes: ["c1.4"] },
  };
});
afterEach(async () => await world.close());

describe("claims for an attempt", () => {
  it("come down to the first one, whoever claims at the same time (K1)", async () => {
    const others = ["a", "b", "c"].map((execution) => ({ ...claim, execution }));

    const held = await Promise.all(others.map(async (each) => await claims.claim(each, undefined)));

    const [first] = held;
    expect(held).toEqual([first, first, first]);
    expect(await claims.find(claim.attempt)).toEqual(first);
  });

  it("keep what became known first", async () => {
    await claims.claim(claim, undefined);
    await claims.amend(claim.attempt, { operation: "op-1" });
    await claims.amend(claim.attempt, { stopping: "timedOut" });
    await claims.amend(claim.attempt, { operation: "op-2", stopping: "cancelled" });

    expect(await claims.find(claim.attempt)).toEqual({
      kind: "claim",
      claim: { ...claim, operation: "op-1", stopping: "timedOut" },
    });
  });

  it("cannot be made by whoever began before a revocation, and by whoever found it (K3)", async () => {
    const revoked = await claims.revoke(claim.attempt);
    const early = await claims.claim(claim, undefined);
    const found = revoked.kind === "revoked" ? revoked.revocation : undefined;
    const late = await claims.claim(claim, found);

    expect(early).toEqual(revoked);
    expect(late).toEqual({ kind: "claim", claim });
  });

  it("cannot be made with a revocation that another one followed", async () => {
    const first = await claims.revoke(claim.attempt);
    const second = await claims.revoke(claim.attempt);
    const found = first.kind === "revoked" ? first.revocation : undefined;

    expect(await claims.claim(claim, found)).toEqual(second);
  });

  it("are revoked by the execution they name alone", async () => {
    const held = await claims.claim(claim, undefined);

    expect(await claims.revoke(claim.attempt)).toEqual(held);
    expect(await claims.revoke(claim.attempt, "job-2")).toEqual(held);
    expect(await claims.revoke(claim.attempt, "job-1")).toMatchObject({ kind: "revoked" });
  });

  it("are forgotten once released", async () => {
    await claims.claim(claim, undefined);
    await claims.release(claim.attempt);

    expect(await claims.find(claim.attempt)).toBeUndefined();
    expect(await claims.amend(claim.attempt, { operation: "op" })).toBeUndefined();
  });
});
