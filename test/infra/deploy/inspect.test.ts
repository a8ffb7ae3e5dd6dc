import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../infra/deploy/inspect.ts";
import { readManifest } from "../../../infra/local/manifest.ts";
import { openDatabase } from "../../../infra/local/wiring.ts";
import type { Closing } from "../../support/opened.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import { fakeTools } from "./fake-tools.ts";

const MANIFEST = readManifest(`
provider: { timeout: "60", memorySize: 256 }
custom:
  queues:
    submit: { visibilityTimeout: 90, maxReceiveCount: 10, deadLetter: submit-dead }
functions:
  tick: { handler: x, events: [{ cron: { expression: "* * ? * * *" } }] }
  submit: { handler: x, events: [{ ymq: { queue: submit, batch: 1, cutoff: 1 } }] }
  api: { handler: x, events: [{ http: { method: any, path: "/a" } }] }
`);

const TRIGGERS = [
  {
    name: "tick",
    status: "ACTIVE",
    rule: { timer: { invoke_function: { function_id: "d4etick" } } },
  },
  {
    name: "submit",
    status: "ACTIVE",
    rule: { message_queue: { invoke_function: { function_id: "d4esubmit" } } },
  },
];

/** A cloud in which everything is as it should be, and ways to spoil it. */
async function aCloud(test: Closing) {
  const emulator = await startFauxqs({ port: 0, logger: false, init: { buckets: ["files"] } });
  test.onTestFinished(async () => await emulator.stop());
  const double = await startDouble();
  test.onTestFinished(async () => await double.close());
  const endpoint = `http://127.0.0.1:${emulator.port}`;
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const options = { endpoint, region: "ru-central1", credentials };
  const sqs = new SQSClient(options);
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  test.onTestFinished(() => {
    sqs.destroy();
    s3.destroy();
  });
  const make = async (QueueName: string, Attributes: Record<string, string>): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl ?? "";
  const dead = await make("orrery-submit-dead", {});
  const { Attributes: of = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ["QueueArn"] }),
  );
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: of["QueueArn"],
    maxReceiveCount: 10,
  });
  const submit = await make("orrery-submit", { VisibilityTimeout: "90", RedrivePolicy });
  await s3.send(new PutObjectCommand({ Bucket: "files", Key: "config/orrery.yaml", Body: "a" }));
  const tools = await fakeTools(test, {});
  await tools.triggersAre(TRIGGERS);
  const database = double.url("/local");
  const opened = await openDatabase(database);
  await opened.migrate(() => undefined);
  await opened.close();
  const installation = {
    gatewayUrl: "https://d5dexample.apigw.yandexcloud.net",
    ...{ database, bucket: "files", apiTokenSecret: "a-secret" },
    functions: { tick: "d4etick", submit: "d4esubmit", api: "d4eapi" },
    queues: { submit },
  };
  const environment = {
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    ORRERY_SQS_ENDPOINT: endpoint,
    ORRERY_S3_ENDPOINT: endpoint,
  };
  const look = async (changes: object = {}) => {
    const inspected = {
      installation: { ...installation, ...changes },
      manifest: MANIFEST,
      environment,
    };
    const findings = await inspect(inspected);
    return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
  };
  return { ...tools, look, make, sqs, dead, double };
}

const said = (text: string): string => expect.stringContaining(text) as string;

describe("an installation that is looked at from outside", () => {
  it("is sound where everything is as it was deployed", async (test) => {
    const { look } = await aCloud(test);

    expect(await look()).toMatchObject({
      schema: { status: "ok" },
      "queue submit": { status: "ok", text: said("0 messages wait") },
      triggers: { status: "ok" },
      bucket: { status: "ok", text: said("1 bytes") },
    });
  });

  it("has a queue that hides messages too briefly, and one without a dead-letter queue", async (test) => {
    const { look, make } = await aCloud(test);

    const short = await make("short", { VisibilityTimeout: "30" });

    expect(await look({ queues: { submit: short, other: short } })).toMatchObject({
      "queue submit": {
        status: "failed",
        text: said(
          "hides a message for 30 s, and its function may take 90 s with it; it has no dead",
        ),
      },
      "queue other": { status: "warning", text: said("not in serverless.yaml") },
    });
  });

  it("has given messages up", async (test) => {
    const { look, sqs, dead } = await aCloud(test);
    await sqs.send(new SendMessageCommand({ QueueUrl: dead, MessageBody: "bad" }));

    expect((await look())["queue submit"]).toMatchObject({
      status: "warning",
      text: said("1 messages are in its dead-letter queue"),
    });
  });

  it("lacks a trigger, or has one that is paused", async (test) => {
    const { look, triggersAre } = await aCloud(test);
    await triggersAre([{ ...TRIGGERS[0], status: "PAUSED" }]);

    expect((await look())["triggers"]).toMatchObject({
      status: "failed",
      text: "tick is paused; submit has 0 of 1 triggers",
    });
  });

  it("has an older schema, an empty bucket, and parts that do not answer", async (test) => {
    const { look, double } = await aCloud(test);

    const found = await look({
      database: double.url("/elsewhere"),
      bucket: "absent",
      queues: { submit: "http://127.0.0.1:1/gone" },
    });

    expect(found).toMatchObject({
      schema: { status: "failed", remedy: said("orrery migrate") },
      "queue submit": { status: "failed" },
      triggers: { status: "ok" },
    });
    expect(found["bucket"]?.status).not.toBe("ok");
  });
});
