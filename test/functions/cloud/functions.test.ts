import { describe, expect, it, type TestContext } from "vitest";
import type { Outcome } from "../../../infra/invoke/instance.ts";
import { Cloud, type CloudOptions } from "../../support/cloud.ts";
import { recordedEvent } from "../recorded-event.ts";

/** Bundles may have to be built first, and every call of these loads one in a process of its own. */
const LONG = { timeout: 300_000 };

const TOKEN = "t1.of-the-service-account";

const SCHEDULES = `
version: 1
defaults: { project: bt1demo0000000000000, timezone: UTC }
schedules:
  nightly:
    when: "0 0 1 1 *"
    overlap: allow
    job: { cmd: "true" }
`;

/** A cloud without DataSphere: nothing here gets as far as starting anything. */
async function aCloud(test: TestContext, part: Partial<CloudOptions> = {}): Promise<Cloud> {
  const environment = { ORRERY_DATASPHERE_ENDPOINT: "127.0.0.1:1", ...part.environment };
  return await Cloud.of(test, { token: TOKEN, ...part, environment });
}

/** A cloud whose live configuration has one schedule. */
async function aConfiguredCloud(test: TestContext): Promise<Cloud> {
  const cloud = await aCloud(test);
  await cloud.put("config/orrery.yaml", SCHEDULES);
  const applied = await cloud.call("apply", recordedEvent("object-create"));
  expect(applied, cloud.told()).toMatchObject({ status: 200 });
  return cloud;
}

const rows = (cloud: Cloud, table: string): number => cloud.double.rows("/cloud", table).length;

const answer = ({ json }: Outcome): { statusCode: number; body: string } =>
  JSON.parse(json) as { statusCode: number; body: string };

/** The recorded message under another id. */
function anotherMessage(): unknown {
  const text = JSON.stringify(recordedEvent("queue"));
  return JSON.parse(text.replaceAll("7d9f-0001", "7d9f-0009")) as unknown;
}

/** An HTTP event of the API, as the gateway sends it for a caller with the installation's token. */
function apiEvent(path: string): object {
  return {
    ...recordedEvent("http-1.0"),
    httpMethod: "GET",
    path,
    headers: {
      Authorization: "Bearer the-installation-s-own-token",
      Host: "d5d.apigw.yandexcloud.net",
    },
    body: "",
  };
}

describe("a function as it is deployed", LONG, () => {
  it("applies, ticks and takes messages, frozen in between and with its connections cut", async (test) => {
    const cloud = await aConfiguredCloud(test);

    const calls: Outcome[] = [];
    for (const [name, event] of [
      ["tick", "timer"],
      ["tick", "timer-without-payload"],
      ["intake", "queue-batch"],
      ["intake", "queue-camel-case-attributes"],
      ["apply", "object-create"],
    ] as const) {
      calls.push(await cloud.call(name, recordedEvent(event)));
      expect(cloud.double.openTransactions("/cloud")).toBe(0);
      cloud.double.dropConnections();
    }

    expect(
      calls.map(({ status }) => status),
      cloud.told(),
    ).toEqual([200, 200, 200, 200, 200]);
    expect(JSON.parse(calls[0]?.json ?? "")).toMatchObject({ complete: true });
    expect(JSON.parse(calls[4]?.json ?? "")).toMatchObject({ applied: { unchanged: 1 } });
    // The bundles hold the code of these methods and no others.
    const kept = ["CreateSession", "DeleteSession", "ExecuteDataQuery", "ListEndpoints"];
    expect([...kept, "RollbackTransaction"]).toEqual(
      expect.arrayContaining(cloud.double.log.map(({ method }) => method)),
    );
    // Of three messages one cannot be read; the camel-case one asks for what was asked before.
    expect(rows(cloud, "rejections")).toBe(1);
    expect(rows(cloud, "runs")).toBeGreaterThanOrEqual(2);
  });

  it.for(["submit", "watch", "notify"])(
    "sets aside what it cannot read, frozen in between and with its connections cut: %s",
    async (name, test) => {
      const cloud = await aCloud(test);

      const calls = [await cloud.call(name, recordedEvent("queue"))];
      cloud.double.dropConnections();
      calls.push(await cloud.call(name, anotherMessage()));

      expect(
        calls.map(({ status }) => status),
        cloud.told(),
      ).toEqual([200, 200]);
      expect(rows(cloud, "rejections")).toBe(2);
      expect(cloud.lines.filter((line) => line.includes(`"function":"${name}"`))).toHaveLength(2);
      expect(cloud.lines.filter((line) => line.includes("function.opened"))).toEqual([
        expect.stringContaining('"code_cache":"used"') as string,
      ]);
    },
  );

  it("answers the API over HTTP, at the address that it was called at", async (test) => {
    const cloud = await aConfiguredCloud(test);

    const schedules = await cloud.call("api", apiEvent("/orrery/v1/schedules"));
    cloud.double.dropConnections();
    const document = await cloud.call("api", apiEvent("/openapi/orrery.json"));
    const nobody = await cloud.call("api", { ...apiEvent("/orrery/v1/schedules"), headers: {} });

    expect(answer(schedules), cloud.told()).toMatchObject({ statusCode: 200 });
    expect(answer(schedules).body).toContain('"nightly"');
    expect(answer(document).body).toContain("https://d5d.apigw.yandexcloud.net");
    expect(answer(nobody).statusCode).toBe(401);
  });

  it("says which variables its environment lacks, all at once and in every call", async (test) => {
    const cloud = await aCloud(test, {
      environment: { ORRERY_STORE: "", ORRERY_QUEUE_WATCH: "watch", AWS_ACCESS_KEY_ID: "" },
    });

    const calls = [
      await cloud.call("tick", recordedEvent("timer")),
      await cloud.call("tick", recordedEvent("timer")),
    ];

    for (const { status, json } of calls) {
      const { errorMessage } = JSON.parse(json) as { errorMessage: string };
      expect(status).toBe(502);
      expect(errorMessage).toContain("ORRERY_STORE is missing: the YDB endpoint");
      expect(errorMessage).toContain("ORRERY_QUEUE_WATCH is wrong, it is no http or https URL");
      expect(errorMessage).toContain("AWS_ACCESS_KEY_ID is missing: the static access key");
      expect(errorMessage).not.toContain("ORRERY_BUCKET");
    }
    expect(cloud.lines.filter((line) => line.includes("ENVIRONMENT_INVALID"))).toHaveLength(2);
  });

  it("fails where its account's token is refused, and tells it to nobody", async (test) => {
    const cloud = await aCloud(test);
    cloud.double.requireToken("/cloud", "t1.another");

    const { status, json } = await cloud.call("tick", recordedEvent("timer"));

    expect(status).toBe(502);
    expect(json).toContain("token");
    expect(`${json}\n${cloud.lines.join("\n")}`).not.toContain(TOKEN);
  });

  it("tells where in the sources something failed", async (test) => {
    const cloud = await aCloud(test);

    const { status, json } = await cloud.call("tick", {});

    const { stackTrace } = JSON.parse(json) as { stackTrace: string[] };
    expect(status).toBe(502);
    expect(stackTrace[0]).toMatch(/^at refused\d* \(functions\/timer-event\.ts:\d+:\d+\)$/);
  });
});

it("lets a caller in who has a token, before it costs anything", LONG, async (test) => {
  const cloud = await aCloud(test);

  const admitted = await cloud.call("authorizer", recordedEvent("authorizer"));
  const turned = await cloud.call("authorizer", { ...recordedEvent("authorizer"), headers: {} });

  expect(JSON.parse(admitted.json)).toMatchObject({ isAuthorized: true });
  expect(JSON.parse(turned.json)).toMatchObject({ isAuthorized: false });
  expect(cloud.double.log).toEqual([]);
});
