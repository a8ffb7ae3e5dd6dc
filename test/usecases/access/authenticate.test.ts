import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../../shared/core/access/access.ts";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { writeToken } from "../../../shared/records/token-record.ts";
import { authenticate, tokenDigest } from "../../../shared/usecases/access/authenticate.ts";
import { newSecret } from "../../../shared/usecases/access/new-secret.ts";
import { createToken, deleteToken } from "../../../shared/usecases/access/tokens.ts";
import { World } from "../../support/world.ts";

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.close();
});

const ADA = { id: "ada", type: "serviceAccount" };

async function callerOf(header?: string): Promise<Caller> {
  const platformDigest = tokenDigest("token");
  const now = world.clock.now();
  return await world.store.snapshot(
    async (reader) => await authenticate(header, { reader, platformDigest, now }),
  );
}

describe("a header", () => {
  it.each(["Bearer token", "bearer token", "BEARER   token "])(
    "%j with the installation's own token is the platform",
    async (header) => {
      expect(await callerOf(header)).toEqual({ kind: "platform" });
    },
  );

  it("with a token that was made is its subject", async () => {
    const { secret } = await createToken(world.services, ADA);

    expect(await callerOf(`Bearer ${secret}`)).toEqual({ kind: "subject", subject: ADA });
  });

  it("that is absent is an anonymous caller", async () => {
    expect(await callerOf()).toEqual({ kind: "anonymous" });
  });

  it.each([
    "",
    "Bearer",
    "Bearer ",
    "token",
    "Api-Key token",
    "Bearer a b",
    "Bearer tök",
    `Bearer ${"x".repeat(limits.tokenChars + 1)}`,
  ])("%j is refused as malformed, not taken for none", async (header) => {
    await expect(callerOf(header)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("malformed") as string,
    });
  });

  it.each(["Bearer tokem", "Bearer tokenn", "Bearer orr_x"])(
    "%j is an unknown token, which no error repeats",
    async (header) => {
      const failed = callerOf(header);

      await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      await expect(failed).rejects.not.toThrow(header.slice(7));
    },
  );
});

describe("a token", () => {
  it("is worth nothing from its expiry on", async () => {
    const { secret } = await createToken(world.services, ADA, plusMs(world.clock.now(), HOUR_MS));

    await world.clock.advance(HOUR_MS - 1);
    expect(await callerOf(`Bearer ${secret}`)).toMatchObject({ kind: "subject" });
    await world.clock.advance(1);

    await expect(callerOf(`Bearer ${secret}`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("is worth nothing once it is deleted", async () => {
    const { secret, token } = await createToken(world.services, ADA);

    await deleteToken(world.services, token.id);

    await expect(callerOf(`Bearer ${secret}`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  it("of a session opens no API", async () => {
    const { secret, token } = newSecret(world.services.random);
    await world.store.transact("session", (tx) => {
      writeToken(tx, {
        ...token,
        subject: ADA,
        createdAt: world.clock.now(),
        session: { project: "demo" },
      });
      return Promise.resolve();
    });

    await expect(callerOf(`Bearer ${secret}`)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
