import { afterEach, describe, expect, it } from "vitest";
import type { DoubleLimits } from "./double.ts";
import { count, rowsOf, valued } from "./raw-client.ts";
import { DELETE, KEY, openWorld, SCAN, type World } from "./world.ts";

let world: World;
afterEach(async () => await world.close());

async function open(limits: Partial<DoubleLimits> = {}): Promise<void> {
  world = await openWorld({ limits });
}

function scan(limit: number): Parameters<World["client"]["execute"]>[0] {
  return { text: SCAN, parameters: { $p0: valued("ada"), $p1: count(limit) } };
}

describe("a result set", () => {
  it.each([
    [1_000, 1_000, false],
    [1_001, 1_000, true],
    [2_000, 1_000, true],
    [999, 999, false],
  ])(
    "of a LIMIT of %d ends after %d of 1,001 rows, truncated: %s",
    async (limit, rows, isTruncated) => {
      await open();
      await world.put(...Array.from({ length: 1_001 }, (_, n) => ["ada", BigInt(n), "x"] as const));

      const { results } = await world.client.execute(scan(limit));

      expect(results[0]).toMatchObject({ isTruncated });
      expect(results[0]?.rows).toHaveLength(rows);
    },
  );

  it("is not truncated where there are no more rows than fit", async () => {
    await open({ resultRows: 2 });
    await world.put(["ada", 1n, "x"], ["ada", 2n, "x"]);

    expect((await world.client.execute(scan(9))).results[0]?.isTruncated).toBe(false);
    await world.put(["ada", 3n, "x"]);
    expect((await world.client.execute(scan(9))).results[0]?.isTruncated).toBe(true);
  });

  it("has no more bytes than fit in a result", async () => {
    await open({ resultBytes: 1_000 });
    await world.put(["ada", 1n, "x".repeat(600)], ["ada", 2n, "x".repeat(600)]);

    expect((await world.client.execute(scan(1))).status).toBe("SUCCESS");
    expect(await world.client.execute(scan(2))).toMatchObject({ status: "PRECONDITION_FAILED" });
  });
});

describe("a request", () => {
  it("has a text of at most 10 KB", async () => {
    await open();
    const text = (bytes: number): string => `SELECT 1;${" ".repeat(bytes - 9)}`;

    expect((await world.client.execute({ text: text(10_240) })).status).toBe("SUCCESS");
    expect(await world.client.execute({ text: text(10_241) })).toMatchObject({
      status: "BAD_REQUEST",
      message: "The text has 10241 bytes, more than 10240",
    });
  });

  it.each([
    ["4 MB", {}, 4 * 1024 * 1024],
    ["what its server is told", { messageBytes: 10_000 }, 10_000],
  ])("has at most %s", async (_what, limits, bytes) => {
    await open(limits);
    const put = async (size: number): Promise<unknown> =>
      await world.put(["ada", 1n, "x".repeat(size)]);

    await expect(put(bytes - 1_000)).resolves.toMatchObject({ status: "SUCCESS" });
    await expect(put(bytes)).rejects.toMatchObject({ code: 8 });
  });

  it("has keys that fit", async () => {
    await open({ keyBytes: 20 });
    const remove = async (owner: string): Promise<unknown> =>
      await world.client.execute({ text: DELETE, parameters: { $p0: rowsOf(KEY, [[owner, 1n]]) } });

    // Twelve bytes of text and eight of a number.
    expect(await remove("ßßßßßß")).toMatchObject({ status: "SUCCESS" });
    expect(await remove("ßßßßßßa")).toMatchObject({
      status: "BAD_REQUEST",
      message: "A key of things is too large",
    });
  });
});
