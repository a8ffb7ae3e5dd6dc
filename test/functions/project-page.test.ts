import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { communityId, projectId } from "../../shared/core/ids.ts";
import type { Project } from "../../shared/core/project/project.ts";
import { HOUR_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { openAccount } from "../../shared/core/units/account.ts";
import { writeAccount } from "../../shared/records/account-record.ts";
import { writeCommunity, writeProject } from "../../shared/records/project-record.ts";
import { writeToken, type Token } from "../../shared/records/token-record.ts";
import { newSecret } from "../../shared/usecases/access/new-secret.ts";
import { World } from "../support/world.ts";
import { recordedEvent } from "./recorded-event.ts";

interface Page {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const COMMUNITY = communityId("science");
const HOSTILE = `<script>alert("&'1")</script>`;

let world: World;
let secret: string;
beforeEach(async () => {
  world = new World();
  await writeWorldProject("orbit", {});
  secret = await aToken({
    session: { project: "orbit" },
    expiresAt: plusMs(world.clock.now(), HOUR_MS),
  });
});
afterEach(async () => await world.close());

async function writeWorldProject(id: string, changes: Partial<Project>): Promise<void> {
  const made = {
    createdAt: world.clock.now(),
    createdBy: "anna",
    description: HOSTILE,
    labels: {},
    restrictions: [],
  };
  await world.store.transact("test", async (tx) => {
    const community = { ...made, id: COMMUNITY, name: "Science", organization: "", zone: "" };
    writeCommunity(tx, undefined, community);
    const project = {
      ...made,
      id: projectId(id),
      community: COMMUNITY,
      name: HOSTILE,
      settings: {},
      diskGb: 10,
      ...changes,
    };
    writeProject(tx, undefined, project);
    const account = { ...openAccount(projectId(id)), limits: { unitsPerHour: 3_600 } };
    await writeAccount(tx, account, []);
  });
}

async function aToken(part: Pick<Token, "session" | "expiresAt">): Promise<string> {
  const { secret: made, token } = newSecret(world.services.random);
  const subject = { id: "anna", type: "userAccount" };
  await world.store.transact("test", (tx) => {
    writeToken(tx, { ...token, subject, createdAt: world.clock.now(), ...part });
    return Promise.resolve();
  });
  return made;
}

async function open(changes: object): Promise<Page> {
  const event = {
    ...recordedEvent("http-1.0-run"),
    headers: {},
    path: "/projects/orbit",
    ...changes,
  };
  return (await world.call("api", event)) as Page;
}

const withToken = (token: string, changes: object = {}) => ({
  multiValueQueryStringParameters: { sessionToken: [token] },
  ...changes,
});
const posted = (type: string, body: string, changes: object = {}) => ({
  httpMethod: "POST",
  headers: { "Content-Type": type },
  body,
  ...changes,
});

describe("the page of an opened project", () => {
  it("shows what the project is to whoever has its session token", async () => {
    const { statusCode, body } = await open(withToken(secret));

    expect(statusCode).toBe(200);
    for (const text of ["orbit", "Science (science)", "3600", "not limited", "10 GB"]) {
      expect(body).toContain(text);
    }
  });

  it.each([
    [
      "a form",
      (token: string) => posted("application/x-www-form-urlencoded", `sessionToken=${token}`),
    ],
    [
      "JSON",
      (token: string) =>
        posted("application/json; charset=utf-8", JSON.stringify({ sessionToken: token })),
    ],
    [
      "a form in base64",
      (token: string) => ({
        ...posted(
          "application/x-www-form-urlencoded",
          Buffer.from(`sessionToken=${token}`).toString("base64"),
        ),
        isBase64Encoded: true,
      }),
    ],
  ])("takes the token from a POST of %s", async (_what, event) => {
    expect((await open(event(secret))).statusCode).toBe(200);
  });

  it("runs nothing, is kept by nobody, and tells nobody the token", async () => {
    const { headers, body } = await open(withToken(secret));

    expect(headers).toMatchObject({
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    });
    expect(headers["Content-Security-Policy"]).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/,
    );
    expect(body).not.toContain("<script");
    expect(body).toContain("&#60;script&#62;alert(&#34;&#38;&#39;1&#34;)&#60;/script&#62;");
    expect(body).not.toContain(secret);
  });

  it("has the style that its policy names", async () => {
    const { headers, body } = await open(withToken(secret));

    const [, style = ""] = /<style>(.*?)<\/style>/s.exec(body) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers["Content-Security-Policy"]).toContain(`style-src 'sha256-${hash}'`);
  });

  it("has no body for a HEAD, and no other methods", async () => {
    expect(await open(withToken(secret, { httpMethod: "HEAD" }))).toMatchObject({
      statusCode: 200,
      body: "",
    });
    expect(await open(withToken(secret, { httpMethod: "DELETE" }))).toMatchObject({
      statusCode: 405,
      headers: { Allow: "GET, HEAD, POST" },
    });
  });
});

describe("the page of a project", () => {
  it.each<[string, () => object]>([
    ["no token", () => ({})],
    ["an empty token", () => withToken("")],
    ["an unknown token", () => withToken("x".repeat(43))],
    ["a token without end", () => withToken("x".repeat(10_000))],
    ["the token in a header", () => ({ headers: { authorization: `Bearer ${secret}` } })],
    ["the token in the query of a POST", () => withToken(secret, { httpMethod: "POST", body: "" })],
    ["a body that is no JSON", () => posted("application/json", "{")],
    ["a body that is null", () => posted("application/json", "null")],
    ["a token that is no text", () => posted("application/json", '{"sessionToken": 1}')],
    ["the hash of the token", () => withToken(Buffer.from(secret).toString("hex"))],
  ])("is shown to nobody with %s", async (_what, event) => {
    const refused = await open(event());

    expect(refused).toMatchObject({ statusCode: 401, headers: { "WWW-Authenticate": "Bearer" } });
    expect(refused.body).not.toContain("orbit");
  });

  it("is shown to nobody once the session has expired", async () => {
    await world.clock.advance(HOUR_MS);

    expect((await open(withToken(secret))).statusCode).toBe(401);
  });

  it.each(["other", "nobody", "orbit%20", "%ff", "", "orbit/more", "..", "a".repeat(1_000)])(
    "is refused with a token of another, alike whether it is there: /projects/%s",
    async (name) => {
      await writeWorldProject("other", { name: "" });

      const refused = await open(withToken(secret, { path: `/projects/${name}` }));

      expect(refused.statusCode).toBe(403);
      expect(refused.body).toBe((await open(withToken(secret, { path: "/projects/absent" }))).body);
    },
  );

  it("is refused with a token for the API", async () => {
    const token = await aToken({});

    expect((await open(withToken(token))).statusCode).toBe(403);
  });

  it("says that it is gone to whoever had it open", async () => {
    await writeWorldProject("orbit", { deletedAt: world.clock.now() });

    expect((await open(withToken(secret))).statusCode).toBe(404);
  });
});
