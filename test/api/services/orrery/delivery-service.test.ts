import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { deliveryIdOf, type RunId } from "../../../../shared/core/ids.ts";
import { limits } from "../../../../shared/core/limits.ts";
import type { Delivery } from "../../../../shared/core/notification/delivery.ts";
import { MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { DeliveryService } from "../../../../shared/gen/orrery/v1/delivery_service_pb.ts";
import { writeDelivery } from "../../../../shared/records/delivery-record.ts";
import { aConfiguration, aSchedule, aSubscription, START_AT } from "../../../support/builders.ts";
import { exits } from "../../../support/scripted-executor.ts";
import { allPages, onProject, OrreryWorld } from "./orrery-world.ts";

const { get, list } = DeliveryService.method;

let world: OrreryWorld;
beforeEach(() => {
  world = new OrreryWorld();
});
afterEach(async () => await world.close());

const LONG = "s".repeat(63);

async function subscribe(...names: readonly string[]): Promise<void> {
  const subscriptions = names.map((name) => aSubscription({ name, on: ["run.succeeded"] }));
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })], subscriptions }));
}

/** Deliveries of a subscription as a use case would leave them. */
async function write(
  subscription: string,
  count: number,
  stateOf: (n: number) => Delivery["state"] = () => "pending",
  detail = "503",
): Promise<readonly Delivery[]> {
  const deliveries = Array.from({ length: count }, (_, n): Delivery => {
    const state = stateOf(n);
    return {
      id: deliveryIdOf(subscription, `event-${n}`),
      subscription,
      about: { run: "nightly.20270115T000000Z.00000000" as RunId },
      target: { kind: "log" },
      body: JSON.stringify({ type: "orrery.run.failed.v1" }),
      state,
      nextTryAt: START_AT,
      tries: state === "pending" ? [] : [{ at: START_AT, tookMs: 3, detail }],
    };
  });
  for (let start = 0; start < count; start += 100) {
    await world.store.transact("deliveries", (tx) => {
      for (const each of deliveries.slice(start, start + 100)) writeDelivery(tx, undefined, each);
      return Promise.resolve();
    });
  }
  return deliveries;
}

type Asked = {
  readonly subscription?: string;
  readonly state?: string;
  readonly pageSize?: bigint;
};

async function pagesOf(asked: Asked): Promise<readonly (readonly string[])[]> {
  return await allPages(async (pageToken) => {
    const { deliveries, nextPageToken } = await world.invoke(list, { ...asked, pageToken });
    return { items: deliveries.map(({ delivery }) => delivery), next: nextPageToken };
  });
}

const idsOf = (...deliveries: readonly (readonly Delivery[])[]): readonly string[] =>
  deliveries.flatMap((each) => each.map(({ id }) => id).toSorted());

describe("a delivery", () => {
  it("is shown with what came of each try", async () => {
    let tries = 0;
    world.webhook.answer = () =>
      ++tries < 3
        ? { delivered: false, retryable: true, detail: `503 number ${tries}` }
        : { delivered: true, detail: "200 OK" };
    await subscribe("ops");
    world.willRun("nightly", exits(SECOND_MS));
    const run = await world.askRun("nightly", "p1");
    await world.live(5 * SECOND_MS);
    const [first] = (await world.invoke(list, {})).deliveries;
    const delivery = first?.delivery ?? "";
    await world.live(5 * MINUTE_MS);

    expect(first).toMatchObject({
      subscription: "ops",
      type: "run.succeeded",
      run,
      state: "pending",
      tries: [{ delivered: false, detail: "503 number 1" }],
    });
    expect(first?.nextTryAt?.seconds).toBeGreaterThan(timestampFromMs(START_AT).seconds);
    const arrived = await world.invoke(get, { delivery });
    expect(arrived).toMatchObject({
      delivery,
      state: "delivered",
      tries: [{ delivered: false }, { delivered: false }, { delivered: true, detail: "200 OK" }],
    });
    expect(arrived.nextTryAt).toBeUndefined();
  });

  it("that was buried never arrived, whatever was said last", async () => {
    world.webhook.answer = () => ({ delivered: false, retryable: false, detail: "410 Gone" });
    await subscribe("ops");
    world.willRun("nightly", exits(SECOND_MS));
    await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    const { deliveries } = await world.invoke(list, { state: "buried" });

    expect(deliveries).toMatchObject([
      { state: "buried", tries: [{ delivered: false, detail: "410 Gone" }] },
    ]);
  });

  it.each(["ops.0123456789abcdef", "ops", ".", "", "\0"])(
    "that is not there is not found, or refused: %j",
    async (delivery) => {
      const { code } = await world.refusal(get, { delivery });

      expect(code).toBe(/^[!-~]+$/.test(delivery) ? Code.NOT_FOUND : Code.INVALID_ARGUMENT);
    },
  );

  it("is for the platform's own token alone", async () => {
    await subscribe("ops");
    const [made] = await write("ops", 1);
    const admin = await world.userOf("ada", { role: "admin", on: onProject("demo") });

    for (const request of [{ delivery: made?.id ?? "" }]) {
      expect((await world.refusal(get, request, admin)).code).toBe(Code.PERMISSION_DENIED);
      expect((await world.refusal(get, request, {})).code).toBe(Code.UNAUTHENTICATED);
    }
    expect((await world.refusal(list, {}, admin)).code).toBe(Code.PERMISSION_DENIED);
    expect((await world.refusal(list, {}, {})).code).toBe(Code.UNAUTHENTICATED);
  });
});

describe("the listing of deliveries", () => {
  it("has each once over all live subscriptions, by pages of any size", async () => {
    await subscribe("ops", "ops-2", LONG, "quiet");
    const all = idsOf(await write("ops", 30), await write("ops-2", 20), await write(LONG, 13));

    for (const pageSize of [1n, 7n, 30n, 63n, 900n]) {
      const pages = await pagesOf({ pageSize });
      expect(pages.flat()).toEqual(all);
      expect(pages.slice(0, -1).every((page) => page.length === Number(pageSize))).toBe(true);
      expect(pages.at(-1)).not.toEqual([]);
    }
  });

  it("has those of one subscription alone, also of one that was removed", async () => {
    await subscribe("ops");
    await write("ops", 5);
    const gone = await write("gone", 5);

    expect((await pagesOf({ subscription: "gone", pageSize: 2n })).flat()).toEqual(idsOf(gone));
    expect((await pagesOf({})).flat()).toHaveLength(5);
    expect(await pagesOf({ subscription: "nobody" })).toEqual([[]]);
  });

  it("finds the few in one state among many, on pages as full as asked", async () => {
    await subscribe("ops", "team");
    const rare = (n: number) => (n % 300 === 299 ? "buried" : "delivered");
    const all = [...(await write("ops", 2_000, rare)), ...(await write("team", 700, rare))];
    const buried = all.filter(({ state }) => state === "buried");

    const pages = await pagesOf({ state: "buried", pageSize: 3n });

    expect(buried).toHaveLength(8);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 2]);
    expect(pages.flat().toSorted()).toEqual(buried.map(({ id }) => id).toSorted());
    expect((await pagesOf({ state: "pending" })).flat()).toEqual([]);
  });

  it("goes on where it was while others are written", async () => {
    await subscribe("ops", "team");
    const first = await write("team", 40);
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await world.invoke(list, { pageSize: 7n, pageToken });
      seen.push(...page.deliveries.map(({ delivery }) => delivery));
      pageToken = page.nextPageToken;
      await write("ops", seen.length);
    } while (pageToken !== "");

    expect(seen.filter((id) => id.startsWith("team."))).toEqual(idsOf(first));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("is cut where it would be larger than a client takes, and the next page goes on", async () => {
    await subscribe("ops");
    const wide = await write("ops", 900, () => "buried", "x".repeat(3_000));

    const pages = await pagesOf({ pageSize: 900n });

    expect(pages.length).toBeGreaterThan(2);
    expect(pages.flat()).toEqual(idsOf(wide));
  });

  it("is empty before anything is configured", async () => {
    expect(await pagesOf({})).toEqual([[]]);
  });

  it.each([
    ["a state that is none", { state: "lost" }],
    ["too long a name", { subscription: "s".repeat(64) }],
    ["too large a page", { pageSize: BigInt(limits.scanRows + 1) }],
    ["a token of another listing", { pageToken: encodePageToken("runs", ["ops.1"]) }],
    ["a token that names no delivery", { pageToken: encodePageToken("deliveries", ["ops"]) }],
    ["a token with a number", { pageToken: encodePageToken("deliveries", [7]) }],
    ["a token that is none", { pageToken: "x" }],
  ])("is refused for %s", async (_what, request) => {
    await subscribe("ops");

    expect((await world.refusal(list, request)).code).toBe(Code.INVALID_ARGUMENT);
  });
});
