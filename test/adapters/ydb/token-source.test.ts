// One file for all sources of tokens, because one contract holds for each of them.
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { contextToken } from "../../../shared/adapters/ydb/context-token.ts";
import { Credentials } from "../../../shared/adapters/ydb/credentials.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { metadataToken } from "../../../shared/adapters/ydb/metadata-token.ts";
import type { TokenSource } from "../../../shared/adapters/ydb/token-source.ts";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import {
  type MetadataAnswer,
  type MetadataService,
  startMetadataService,
} from "./metadata-service.ts";
import { failureFrom } from "./scripted-connection.ts";

const START = instant(Date.UTC(2027, 0, 15));
const SECRET = "t1.9euelZq-secret";

describe("a given token", () => {
  it("is given as it is", async () => {
    expect(await givenToken(SECRET, "YDB_TOKEN").token()).toBe(SECRET);
  });

  it.for([
    ["", "is empty"],
    ["  \n", "is empty"],
    [`${SECRET}\n`, "has spaces"],
    [`"${SECRET} "`, "has spaces"],
    [`${SECRET}ы`, "has spaces"],
  ] as const)("%j is refused and not repeated: it %s", ([token, what]) => {
    const given = (): TokenSource => givenToken(token, "YDB_TOKEN");

    expect(given).toThrow(what);
    expect(given).toThrow("from YDB_TOKEN");
    expect(given).not.toThrow(/secret/);
  });
});

describe("the token of a function's context", () => {
  it("is used until its last minute, then the other source's", async () => {
    const clock = new ManualClock(START);
    const tokens = contextToken(clock, givenToken("other", "a test"));
    tokens.offer("offered", 3_600);

    const first = await tokens.token();
    await clock.advance(HOUR_MS - limits.ydbTokenMarginMs - 1);
    const last = await tokens.token();
    await clock.advance(1);

    expect([first, last, await tokens.token()]).toEqual(["offered", "offered", "other"]);
  });

  it("is that of the latest call", async () => {
    const tokens = contextToken(new ManualClock(START), givenToken("other", "a test"));

    tokens.offer("first", 3_600);
    tokens.offer("second", 3_600);

    expect(await tokens.token()).toBe("second");
  });

  it.for([
    ["", 3_600],
    ["with space", 3_600],
    ["offered", 0],
    ["offered", -1],
    ["offered", Number.NaN],
  ] as const)("%j for %d seconds is passed over", async ([token, seconds]) => {
    const tokens = contextToken(new ManualClock(START), givenToken("other", "a test"));

    tokens.offer(token, seconds);

    expect(await tokens.token()).toBe("other");
  });

  it("is given up once it was refused", async () => {
    const tokens = contextToken(new ManualClock(START), givenToken("other", "a test"));
    tokens.offer("offered", 3_600);

    tokens.invalidate("older");
    const before = await tokens.token();
    tokens.invalidate("offered");

    expect([before, await tokens.token()]).toEqual(["offered", "other"]);
  });
});

describe("the token of the metadata service", () => {
  it("is asked for as the service wants it", async (test) => {
    const { service, tokens } = await start(test, { token: SECRET, expiresIn: 3_600 });

    expect(await tokens.token()).toBe(SECRET);
    expect(service.requests[0]?.path).toBe("/token");
    expect(service.requests[0]?.headers["metadata-flavor"]).toBe("Google");
    expect(service.requests[0]?.headers.connection).toBe("close");
  });

  it("is asked for once, however many wait for it", async (test) => {
    const { service, tokens } = await start(test, { token: "t1", expiresIn: 3_600 });

    const all = await Promise.all([1, 2, 3].map(async () => await tokens.token()));

    expect(all).toEqual(["t1", "t1", "t1"]);
    expect(service.requests).toHaveLength(1);
  });

  it("is renewed after half its life", async (test) => {
    const { service, tokens, clock } = await start(
      test,
      { token: "t1", expiresIn: 600 },
      { token: "t2", expiresIn: 600 },
    );
    await tokens.token();

    await clock.advance(300_000 - 1);
    const early = await tokens.token();
    await clock.advance(1);

    expect([early, await tokens.token()]).toEqual(["t1", "t2"]);
    expect(service.requests).toHaveLength(2);
  });

  it("is renewed after an hour, however long it lives", async (test) => {
    const { tokens, clock } = await start(
      test,
      { token: "t1", expiresIn: 12 * 3_600 },
      { token: "t2", expiresIn: 12 * 3_600 },
    );
    await tokens.token();

    await clock.advance(HOUR_MS);

    expect(await tokens.token()).toBe("t2");
  });

  it("serves on while it is good and the service fails, which is not asked every time", async (test) => {
    const { service, tokens, clock } = await start(test, { token: "t1", expiresIn: 3_600 });
    await tokens.token();
    await clock.advance(HOUR_MS / 2);

    const seen = [await tokens.token(), await tokens.token()];
    const asked = service.requests.length;
    await clock.advance(limits.ydbTokenRetryMs);
    seen.push(await tokens.token());

    expect(seen).toEqual(["t1", "t1", "t1"]);
    expect(asked).toBe(2);
    expect(service.requests).toHaveLength(3);
  });

  it("is not used after its life, whatever the service does", async (test) => {
    const { tokens, clock } = await start(test, { token: "t1", expiresIn: 3_600 });
    await tokens.token();

    await clock.advance(HOUR_MS - MINUTE_MS);

    expect((await failureFrom(tokens.token())).status).toBe("TOKEN_UNAVAILABLE");
  });

  it("is asked for anew once it was refused", async (test) => {
    const { tokens } = await start(
      test,
      { token: "t1", expiresIn: 3_600 },
      { token: "t2", expiresIn: 3_600 },
    );

    const first = await tokens.token();
    tokens.invalidate("older");
    const second = await tokens.token();
    tokens.invalidate("t1");

    expect([first, second, await tokens.token()]).toEqual(["t1", "t1", "t2"]);
  });

  it.for<[string, MetadataAnswer]>([
    ["a status", { status: 404 }],
    ["no JSON", { body: `{"access_token": "${SECRET}` }],
    ["no object", { body: `"${SECRET}"` }],
    ["null", { body: "null" }],
    ["no token", { body: `{"token": "${SECRET}", "expires_in": 3600}` }],
    ["a token of two lines", { token: `${SECRET}\nx`, expiresIn: 3_600 }],
    ["no life", { token: SECRET, expiresIn: undefined }],
    ["a life in words", { token: SECRET, expiresIn: "long" }],
    ["no life left", { token: SECRET, expiresIn: 0 }],
    ["too much", { body: `{"access_token": "t", "expires_in": 3600}${" ".repeat(200_000)}` }],
    ["a status and no end", { stallsAfter: 404 }],
    ["nothing at all", "cut"],
  ])("is no token where the service answers %s, and is never told", async ([, answer], test) => {
    const { tokens } = await start(test, answer, { token: "t2", expiresIn: 3_600 });

    const failure = await failureFrom(tokens.token());

    expect(failure.status).toBe("TOKEN_UNAVAILABLE");
    expect(`${failure.message} ${failure.stack ?? ""} ${String(failure.cause)}`).not.toContain(
      "secret",
    );
    expect(await tokens.token()).toBe("t2");
  });

  it.for<[string, MetadataAnswer]>([
    ["nothing", "hang"],
    ["half an answer", { stallsAfter: 200 }],
  ])("is not waited for for long where the service says %s", async ([, answer], test) => {
    const { tokens, clock, service } = await start(test, answer, { token: "t2", expiresIn: 3_600 });
    const failing = failureFrom(tokens.token());
    await vi.waitUntil(() => service.requests.length > 0);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate(); // What it says has arrived.

    await clock.advance(limits.ydbTokenFetchMs);

    expect((await failing).message).toContain(`no answer within ${limits.ydbTokenFetchMs} ms`);
    expect(await tokens.token()).toBe("t2");
  });

  it("is no token where there is no service", async () => {
    const tokens = metadataToken({ clock: realClock, url: "http://127.0.0.1:1/token" });

    expect((await failureFrom(tokens.token())).status).toBe("TOKEN_UNAVAILABLE");
  });
});

describe("credentials", () => {
  it("carry nothing where nobody calls", async () => {
    const credentials = new Credentials(undefined, realClock);

    expect(await credentials.token()).toBeUndefined();
    expect(credentials.refused(undefined, "no token").status).toBe("TOKEN_REFUSED");
  });

  it("give a refused token up and try another, once", async () => {
    const source = scriptedSource("t1", "t2", "t3");
    const credentials = new Credentials(source, new ManualClock(START));

    const first = credentials.refused((await credentials.token()) ?? "", "");
    const second = credentials.refused((await credentials.token()) ?? "", "");

    expect([first.status, second.status]).toEqual(["GRPC_UNAUTHENTICATED", "TOKEN_REFUSED"]);
    expect(source.invalidated).toEqual(["t1", "t2"]);
  });

  it("give every refused call of one token another try", async () => {
    const source = scriptedSource("t1", "t2");
    const credentials = new Credentials(source, new ManualClock(START));
    const token = await credentials.token();

    const statuses = [1, 2, 3].map(() => credentials.refused(token, "").status);

    expect(new Set(statuses)).toEqual(new Set(["GRPC_UNAUTHENTICATED"]));
  });

  it("begin anew once a token was accepted", async () => {
    const credentials = new Credentials(scriptedSource("t1", "t2", "t3"), new ManualClock(START));
    credentials.refused(await credentials.token(), "");
    const second = await credentials.token();

    credentials.accepted(second);

    expect(credentials.refused(second, "").status).toBe("GRPC_UNAUTHENTICATED");
  });

  it("do not send a refused token again, until some time has passed", async () => {
    const clock = new ManualClock(START);
    const credentials = new Credentials(givenToken("t1", "a test"), clock);
    credentials.refused("t1", "");

    const failure = await failureFrom(credentials.token());
    await clock.advance(limits.ydbTokenRetryMs);

    expect(failure.status).toBe("TOKEN_REFUSED");
    expect(await credentials.token()).toBe("t1");
  });

  it("are not taken in by a late answer to the refused token", async () => {
    const credentials = new Credentials(givenToken("t1", "a test"), new ManualClock(START));
    credentials.refused("t1", "");

    credentials.accepted("t1");

    expect((await failureFrom(credentials.token())).status).toBe("TOKEN_REFUSED");
  });
});

interface Started {
  readonly service: MetadataService;
  readonly tokens: TokenSource;
  readonly clock: ManualClock;
}

async function start(closing: Closing, ...answers: readonly MetadataAnswer[]): Promise<Started> {
  const service = await startMetadataService(closing);
  service.next(...answers);
  const clock = new ManualClock(START);
  return { service, clock, tokens: metadataToken({ clock, url: service.url }) };
}

/** Gives the first of these until it is refused, then the next. */
function scriptedSource(...tokens: string[]): TokenSource & { readonly invalidated: string[] } {
  const invalidated: string[] = [];
  return {
    invalidated,
    token: async () => await Promise.resolve(tokens[0] ?? ""),
    invalidate: (token) => {
      invalidated.push(token);
      if (tokens[0] === token) tokens.shift();
    },
  };
}
