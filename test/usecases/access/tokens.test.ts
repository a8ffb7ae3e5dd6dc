import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tokensTable } from "../../../shared/records/tables.ts";
import { writeToken } from "../../../shared/records/token-record.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { newSecret } from "../../../shared/usecases/access/new-secret.ts";
import { createToken, deleteToken, listTokens } from "../../../shared/usecases/access/tokens.ts";
import { World } from "../../support/world.ts";

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(async () => {
  await world.close();
});

const user = (id: string) => ({ id, type: "userAccount" });

async function listed(): Promise<readonly string[]> {
  const page = await listTokens(world.services, { size: 100 });
  return page.items.map(({ subject }) => subject.id).toSorted();
}

describe("a token", () => {
  it("is kept as a hash alone, and its secret cannot be guessed", async () => {
    const { secret } = await createToken(world.services, user("ada"));

    const rows = await world.store.snapshot(
      async (reader) => await reader.scan(tokensTable, { limit: 10 }),
    );
    expect(secret).toMatch(/^orr_[a-z0-9]{40}$/);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(4, 24));
    expect(rows[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is found by its id, and deleting it twice is fine", async () => {
    const { token } = await createToken(world.services, user("ada"));
    await createToken(world.services, user("bob"));

    await deleteToken(world.services, token.id);
    await deleteToken(world.services, token.id);

    expect(await listed()).toEqual(["bob"]);
  });

  it.each(["", "g", "%", "0"])("is not deleted by %j, which is no id", async (id) => {
    await createToken(world.services, user("ada"));

    await deleteToken(world.services, id);

    expect(await listed()).toEqual(["ada"]);
  });

  it("is not deleted by the beginning of its id", async () => {
    const { token } = await createToken(world.services, user("ada"));

    await deleteToken(world.services, token.id.slice(0, 19));

    expect(await listed()).toEqual(["ada"]);
  });

  it.each(["orrery", "allUsers", "allAuthenticatedUsers"])("is never made for %s", async (id) => {
    await expect(createToken(world.services, user(id))).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      fields: [{ field: "subject_id" }],
    });
  });

  it("is not made to expire at once", async () => {
    const now = world.clock.now();

    await expect(createToken(world.services, user("ada"), now)).rejects.toMatchObject({
      fields: [{ field: "expires_at" }],
    });
  });
});

describe("the list of tokens", () => {
  it("has neither sessions nor tokens that have expired", async () => {
    await createToken(world.services, user("ada"));
    await createToken(world.services, user("bob"), plusMs(world.clock.now(), HOUR_MS));
    await world.store.transact("session", (tx) => {
      const { token } = newSecret(world.services.random);
      const createdAt = world.clock.now();
      writeToken(tx, { ...token, subject: user("eve"), createdAt, session: { project: "demo" } });
      return Promise.resolve();
    });
    expect(await listed()).toEqual(["ada", "bob"]);

    await world.clock.advance(HOUR_MS);

    expect(await listed()).toEqual(["ada"]);
  });

  it("comes in pages, each token once", async () => {
    for (const id of ["a", "b", "c", "d", "e"]) await createToken(world.services, user(id));

    const first = await listTokens(world.services, { size: 2 });
    const second = await listTokens(world.services, { size: 2, after: first.next });
    const third = await listTokens(world.services, { size: 2, after: second.next });

    const items = [first, second, third].map((page) => page.items.length);
    const all = [first, second, third].flatMap((page) =>
      page.items.map(({ subject }) => subject.id),
    );
    expect(items).toEqual([2, 2, 1]);
    expect(all.toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect(third.next).toBeUndefined();
  });
});
