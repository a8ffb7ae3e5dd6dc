import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { encodePageToken } from "../../../../shared/api/page-token.ts";
import { limits } from "../../../../shared/core/limits.ts";
import { HOUR_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { INSTANT_MAX } from "../../../../shared/core/time/instant.ts";
import { PlatformService } from "../../../../shared/gen/orrery/v1/platform_service_pb.ts";
import { ScheduleService } from "../../../../shared/gen/orrery/v1/schedule_service_pb.ts";
import { START_AT } from "../../../support/builders.ts";
import { exits } from "../../../support/scripted-executor.ts";
import { bearer } from "../../an-api.ts";
import { allPages, onProject, OrreryWorld } from "./orrery-world.ts";

const { getHealth, sendMessage, listRejections, createToken, listTokens, deleteToken } =
  PlatformService.method;

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.schedule({ timing: null, overlap: "allow" });
  world.alwaysRuns("nightly", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const at = (ms: number) => timestampFromMs(START_AT + ms);

describe("the health of an installation", () => {
  it("is told to everybody, with a token or without", async () => {
    expect(await world.invoke(getHealth, {}, {})).toMatchObject({ status: "ok" });
    expect(await world.invoke(getHealth, {})).toMatchObject({ status: "ok" });
  });

  it("is not told to a token that nobody knows", async () => {
    const { code } = await world.refusal(getHealth, {}, bearer("orr_unknown"));

    expect(code).toBe(Code.UNAUTHENTICATED);
  });
});

describe("a message that is sent", () => {
  it("becomes a run, once for its id, with its inputs", async () => {
    const message = { schedule: "nightly", id: "order-1", inputs: { DATE: "2027-01-15" } };

    expect(await world.invoke(sendMessage, message)).toMatchObject({ id: "order-1" });
    await world.invoke(sendMessage, message);
    await world.deliverAll();

    expect(await world.onlyRun("nightly")).toMatchObject({
      cause: { kind: "message", id: "order-1" },
      inputs: { DATE: "2027-01-15" },
    });
  });

  it("is given an id where it names none, another one each time", async () => {
    const ids = [
      (await world.invoke(sendMessage, { schedule: "nightly" })).id,
      (await world.invoke(sendMessage, { schedule: "nightly" })).id,
    ];
    await world.deliverAll();

    const causes = (await world.runs()).map(({ cause }) =>
      cause.kind === "message" ? cause.id : "",
    );
    expect(causes.toSorted()).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(2);
  });

  it("is refused where it is larger than a queue takes, and nothing is sent", async () => {
    const inputs = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`V${n}`, "€".repeat(1_000)]));

    const failure = await world.refusal(sendMessage, { schedule: "nightly", inputs: inputs(70) });
    await world.deliverAll();

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain(`at most ${limits.queueMessageBytes} fit`);
    expect(await world.runs()).toEqual([]);
    await world.invoke(sendMessage, { schedule: "nightly", inputs: inputs(67) });
    await world.deliverAll();
    expect(await world.runs()).toHaveLength(1);
  });

  it("needs the role of a developer in the schedule's project", async () => {
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });
    const vera = await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const eve = await world.userOf("eve", { role: "admin", on: onProject("other") });
    const message = { schedule: "nightly", id: "x" };

    expect(await world.invoke(sendMessage, message, dev)).toMatchObject({ id: "x" });
    expect((await world.refusal(sendMessage, message, vera)).code).toBe(Code.PERMISSION_DENIED);
    expect((await world.refusal(sendMessage, message, eve)).code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(sendMessage, message, {})).code).toBe(Code.UNAUTHENTICATED);
    expect((await world.refusal(sendMessage, { schedule: "nobody" })).code).toBe(Code.NOT_FOUND);
    await world.deliverAll();
    expect(await world.runs()).toHaveLength(1);
  });

  it.each([
    ["no schedule", {}, "schedule"],
    ["too long an id", { schedule: "nightly", id: "x".repeat(limits.requestIdChars + 1) }, "id"],
    ["an empty name", { schedule: "nightly", inputs: { "": "x" } }, "inputs"],
    ["a name with a space", { schedule: "nightly", inputs: { "A B": "x" } }, "inputs[A B]"],
  ])("is refused with its place for %s", async (_what, message, field) => {
    const failure = await world.refusal(sendMessage, message);

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain(field);
  });

  it("that the API takes is understood, at every limit of its fields", async () => {
    const wide = "😀".repeat(limits.inputValueChars);

    await world.invoke(sendMessage, {
      schedule: "nightly",
      id: "😀".repeat(limits.requestIdChars),
      inputs: { ["A".repeat(50)]: wide },
    });
    await world.deliverAll();

    expect((await world.invoke(listRejections, {})).rejections).toEqual([]);
    expect(await world.runs()).toHaveLength(1);
  });
});

describe("the messages that were set aside", () => {
  it("are listed with their reason and beginning, the one sent last first", async () => {
    for (const body of ["{", JSON.stringify({ schedule: "nobody", id: "o-2" })]) {
      await world.message("intake", body);
      await world.deliverAll();
      await world.clock.advance(SECOND_MS);
    }

    const { rejections } = await world.invoke(listRejections, {});

    expect(rejections).toMatchObject([
      {
        source: "intake",
        reason: expect.stringContaining("nobody") as string,
        sentAt: at(SECOND_MS),
      },
      { source: "intake", reason: "the body is not JSON", excerpt: "{", rejectedAt: at(0) },
    ]);
    expect((await world.invoke(listRejections, { pageSize: 1n })).rejections).toHaveLength(1);
  });

  it("are shown to the platform's own token alone", async () => {
    const admin = await world.userOf("ada", { role: "admin", on: onProject("demo") });

    expect((await world.refusal(listRejections, {}, admin)).code).toBe(Code.PERMISSION_DENIED);
    expect((await world.refusal(listRejections, {}, {})).code).toBe(Code.UNAUTHENTICATED);
    expect((await world.refusal(listRejections, { pageSize: 901n })).code).toBe(
      Code.INVALID_ARGUMENT,
    );
  });
});

describe("a token that is made", () => {
  it("stands for its subject from the next call on, until it is deleted", async () => {
    const { token, secret } = await world.invoke(createToken, {
      subjectId: "vera",
      subjectType: "serviceAccount",
    });
    const seen = async () =>
      (await world.invoke(ScheduleService.method.list, {}, bearer(secret))).schedules;

    expect(token).toMatchObject({
      subjectId: "vera",
      subjectType: "serviceAccount",
      createdAt: at(0),
    });
    expect(token?.expiresAt).toBeUndefined();
    expect(await seen()).toEqual([]);
    await world.invoke(deleteToken, { tokenId: token?.id ?? "" });
    expect((await world.refusal(ScheduleService.method.list, {}, bearer(secret))).code).toBe(
      Code.UNAUTHENTICATED,
    );
  });

  it("has the roles of its subject, which is a user account unless told otherwise", async () => {
    await world.userOf("vera", { role: "viewer", on: onProject("demo") });
    const user = await world.invoke(createToken, { subjectId: "vera" });
    const service = await world.invoke(createToken, {
      subjectId: "vera",
      subjectType: "serviceAccount",
    });
    const seen = async (secret: string) =>
      (await world.invoke(ScheduleService.method.list, {}, bearer(secret))).schedules.length;

    expect(user.token?.subjectType).toBe("userAccount");
    expect([await seen(user.secret), await seen(service.secret)]).toEqual([1, 0]);
  });

  it("stops working at its end, and is listed no more", async () => {
    const { token, secret } = await world.invoke(createToken, {
      subjectId: "vera",
      expiresAt: at(HOUR_MS),
    });
    const works = async () =>
      await world.invoke(ScheduleService.method.list, {}, bearer(secret)).then(
        () => true,
        () => false,
      );

    expect(token?.expiresAt).toEqual(at(HOUR_MS));
    await world.clock.advance(HOUR_MS - 1);
    expect(await works()).toBe(true);
    expect((await world.invoke(listTokens, {})).tokens).toHaveLength(1);
    await world.clock.advance(1);
    expect(await works()).toBe(false);
    expect((await world.invoke(listTokens, {})).tokens).toEqual([]);
  });

  it.each([
    ["nobody", { subjectId: "" }, "subject_id"],
    ["everybody", { subjectId: "allUsers" }, "subject_id"],
    ["the platform", { subjectId: "orrery" }, "subject_id"],
    ["a kind that is none", { subjectId: "vera", subjectType: "system" }, "subject_type"],
    ["a subject of the past", { subjectId: "vera", expiresAt: at(0) }, "expires_at"],
    [
      "the year 20000",
      { subjectId: "vera", expiresAt: { seconds: 570_000_000_000n } },
      "expires_at",
    ],
  ])("is refused for %s", async (_what, request, field) => {
    const failure = await world.refusal(createToken, request);

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(JSON.stringify(failure.cause)).toContain(field);
    expect((await world.invoke(listTokens, {})).tokens).toEqual([]);
  });

  it("may last as long as time does", async () => {
    const expiresAt = timestampFromMs(INSTANT_MAX);

    const { token } = await world.invoke(createToken, { subjectId: "vera", expiresAt });

    expect(token?.expiresAt).toEqual(expiresAt);
  });
});

describe("the listing of tokens", () => {
  async function many(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { token } = await world.invoke(createToken, { subjectId: `user-${n}` });
      ids.push(token?.id ?? "");
    }
    return ids;
  }

  it("has each once and no secret, by pages of any size", async () => {
    const ids = await many(23);
    const pagesOf = async (pageSize: bigint) =>
      await allPages(async (pageToken) => {
        const { tokens, nextPageToken } = await world.invoke(listTokens, { pageSize, pageToken });
        expect(nextPageToken.length).toBeLessThanOrEqual(100);
        return { items: tokens.map(({ id }) => id), next: nextPageToken };
      });

    for (const pageSize of [1n, 5n, 23n, 900n]) {
      const pages = await pagesOf(pageSize);
      expect(pages.flat().toSorted()).toEqual(ids.toSorted());
      expect(pages.at(-1)).not.toEqual([]);
    }
  });

  it("loses a token that is deleted; one that is gone already is fine", async () => {
    const [first = "", second = ""] = await many(2);

    await world.invoke(deleteToken, { tokenId: first });
    await world.invoke(deleteToken, { tokenId: first });
    await world.invoke(deleteToken, { tokenId: "never there" });
    await world.invoke(deleteToken, { tokenId: second.slice(0, 10) });

    const { tokens } = await world.invoke(listTokens, {});
    expect(tokens.map(({ id }) => id)).toEqual([second]);
  });

  it("is, as making and deleting are, for the platform's own token alone", async () => {
    const [id = ""] = await many(1);
    const admin = await world.userOf("ada", { role: "admin", on: onProject("demo") });
    const codes = async (headers: Parameters<typeof world.refusal>[2]) => [
      (await world.refusal(createToken, { subjectId: "eve" }, headers)).code,
      (await world.refusal(listTokens, {}, headers)).code,
      (await world.refusal(deleteToken, { tokenId: id }, headers)).code,
    ];

    expect(await codes(admin)).toEqual(Array.from({ length: 3 }, () => Code.PERMISSION_DENIED));
    expect(await codes({})).toEqual(Array.from({ length: 3 }, () => Code.UNAUTHENTICATED));
  });

  it.each([
    ["another listing's", encodePageToken("schedules", ["nightly"])],
    ["a number", encodePageToken("tokens", [3])],
    ["none", "x"],
  ])("is refused for a page token that is %s", async (_what, pageToken) => {
    expect((await world.refusal(listTokens, { pageToken })).code).toBe(Code.INVALID_ARGUMENT);
  });
});
