import { join } from "node:path";
import { SQSClient, ReceiveMessageCommand, DeleteMessageCommand } from "@aws-sdk/client-sqs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { Instance, type Outcome } from "../../infra/invoke/instance.ts";
import { openDatabase } from "../../infra/local/wiring.ts";
import { queueEvent } from "../../infra/local/trigger-events.ts";
import { assert } from "../../shared/core/assert.ts";
import { QUEUE_NAMES, type QueueName } from "../../shared/ports/queue.ts";
import { builtBundles, projectManifest } from "./bundles.ts";
import type { Closing } from "./opened.ts";
import { realClock } from "./real-clock.ts";
import type { Double } from "./ydb/double.ts";
import { startDouble } from "./ydb/start-double.ts";

const REGION = "ru-central1";
const BUCKET = "orrery-test";
const DATABASE = "/cloud";
const KEY = {
  accessKeyId: "YCAJEexampleexample",
  secretAccessKey: "YCexample-secret-of-a-static-key",
};

/** How long a receive waits for a message, in seconds. */
const WAIT_SECONDS = 1;

export interface CloudOptions {
  /** Of the function's service account; the database and DataSphere want it. */
  readonly token: string;
  /** Where DataSphere is, and the CA that it is trusted by. */
  readonly datasphere?: { readonly endpoint: string; readonly ca: string };
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The cloud's services in emulators, and the functions as they are deployed: bundles, each in a
 * process of its own with no file but itself.
 */
export class Cloud {
  readonly double: Double;
  readonly emulator: FauxqsServer;
  /** What the functions printed, in order. */
  readonly lines: string[] = [];
  /** How each call ended, in order. */
  readonly calls: { readonly name: string; readonly outcome: Outcome }[] = [];
  readonly environment: Readonly<Record<string, string>>;
  readonly #instances = new Map<string, Promise<Instance>>();
  readonly #urls: Readonly<Record<QueueName, string>>;
  readonly #token: string;
  readonly #sqs: SQSClient;

  private constructor(double: Double, emulator: FauxqsServer, options: CloudOptions) {
    this.double = double;
    this.emulator = emulator;
    this.#token = options.token;
    const urls = QUEUE_NAMES.map((name) => [name, emulator.createQueue(name).queueUrl] as const);
    this.#urls = Object.fromEntries(urls) as Record<QueueName, string>;
    emulator.createBucket(BUCKET);
    const { datasphere } = options;
    this.environment = {
      ORRERY_STORE: double.url(DATABASE),
      ORRERY_SQS_ENDPOINT: emulator.address,
      ORRERY_S3_ENDPOINT: emulator.address,
      ORRERY_BUCKET: BUCKET,
      ORRERY_API_TOKEN: "the-installation-s-own-token",
      AWS_ACCESS_KEY_ID: KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
      ...Object.fromEntries(urls.map(([name, url]) => [`ORRERY_QUEUE_${name.toUpperCase()}`, url])),
      ...(datasphere === undefined
        ? {}
        : {
            ORRERY_DATASPHERE_ENDPOINT: datasphere.endpoint,
            ORRERY_DATASPHERE_CA: datasphere.ca,
          }),
      ...options.environment,
    };
    this.#sqs = new SQSClient({ endpoint: emulator.address, region: REGION, credentials: KEY });
  }

  /** A cloud with a database that has its schema; gone with the test. */
  static async of(test: Closing, options: CloudOptions): Promise<Cloud> {
    await builtBundles();
    const double = await startDouble();
    const emulator = await startFauxqs({ port: 0, logger: false, defaultRegion: REGION });
    const cloud = new Cloud(double, emulator, options);
    test.onTestFinished(async () => await cloud.#close());
    const database = await openDatabase(double.url(DATABASE));
    await database.migrate(() => undefined);
    await database.close();
    double.requireToken(DATABASE, options.token);
    double.reset();
    return cloud;
  }

  /** Puts a text into the bucket. */
  async put(key: string, text: string): Promise<void> {
    const s3 = new S3Client({
      endpoint: this.emulator.address,
      region: REGION,
      credentials: KEY,
      forcePathStyle: true,
    });
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }));
    s3.destroy();
  }

  /** Calls a function; its instance lives on, frozen, until the next call or the end of the test. */
  async call(name: string, event: unknown): Promise<Outcome> {
    const instance = await this.instance(name);
    const outcome = await instance.call(event);
    this.calls.push({ name, outcome });
    return outcome;
  }

  /** The one instance of a function. */
  async instance(name: string): Promise<Instance> {
    const made = this.#instances.get(name) ?? this.#make(name);
    this.#instances.set(name, made);
    return await made;
  }

  /** Hands the queues' messages to their functions, as triggers do, until the condition holds. */
  async deliverUntil(what: string, holds: () => boolean, patienceMs = 90_000): Promise<void> {
    const giveUpMs = performance.now() + patienceMs;
    while (!holds()) {
      assert(performance.now() < giveUpMs, `not within ${patienceMs} ms: ${what}\n${this.told()}`);
      await Promise.all(QUEUE_NAMES.map(async (name) => await this.#deliver(name)));
    }
  }

  /** What happened so far, for who wonders why something did not. */
  told(): string {
    const calls = this.calls.map(
      ({ name, outcome }) => `${name} ${outcome.status} ${outcome.json}`,
    );
    return [...calls, ...this.lines].join("\n");
  }

  async #deliver(name: QueueName): Promise<void> {
    const QueueUrl = this.#urls[name];
    const { Messages: messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 1,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ["SentTimestamp"],
      }),
    );
    for (const { MessageId = "", Body = "", MD5OfBody = "", ReceiptHandle } of messages) {
      const attributes = { SentTimestamp: String(realClock.now()) };
      const message = { id: MessageId, body: Body, md5: MD5OfBody, attributes };
      const { status } = await this.call(name, queueEvent(name, [message], realClock.now()));
      if (status !== 200) continue;
      await this.#sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }

  async #make(name: string): Promise<Instance> {
    const { folder } = await builtBundles();
    const called = projectManifest().functions.find((each) => each.name === name);
    assert(called !== undefined, `serverless.yaml has ${name}`);
    return await Instance.make({
      called,
      bundle: join(folder, name),
      environment: this.environment,
      token: this.#token,
      timeoutMs: called.timeoutMs,
      clock: realClock,
      print: (_, bytes) => {
        const text = Buffer.from(bytes).toString("utf8");
        this.lines.push(...text.split("\n").filter((line) => line !== ""));
      },
    });
  }

  async #close(): Promise<void> {
    for (const instance of this.#instances.values()) await (await instance).stop();
    this.#sqs.destroy();
    await this.emulator.stop();
    await this.double.close();
  }
}
