import { attributesOf, type MakeParts } from "../../shared/adapters/ymq/make-queue.ts";
import { countDeadLetters } from "../../shared/adapters/ymq/dead-letters.ts";
import { createQueueClient } from "../../shared/adapters/ymq/queue-client.ts";
import { openBucketClient } from "../../shared/adapters/object-storage/bucket-client.ts";
import { headObject } from "../../shared/adapters/object-storage/objects.ts";
import { systemRandom } from "../../shared/adapters/system/system-random.ts";
import { messageOf } from "../../shared/core/errors.ts";
import type { Finding } from "../../shared/core/finding.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import type { Manifest } from "../local/manifest.ts";
import { localClock, openDatabase } from "../local/wiring.ts";
import { databaseEnvironment, staticKey, YC } from "./credentials.ts";
import { runFor } from "./external-command.ts";
import { queueFinding, triggerFinding, type FoundTrigger } from "./judge-parts.ts";
import type { Installation } from "./terraform.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What an installation is to be like, and who looks. */
export interface Inspected {
  readonly installation: Installation;
  readonly manifest: Manifest;
  readonly environment: Environment;
}

/**
 * Looks at the parts of an installation from outside, as whoever deployed it: the schema, the queues
 * and what they gave up, the triggers and the bucket. It changes nothing; each check answers for
 * itself.
 */
export async function inspect(inspected: Inspected): Promise<readonly Finding[]> {
  const { installation } = inspected;
  const probes: readonly Probe[] = [
    { check: "schema", look: async () => await lookAtSchema(inspected) },
    ...Object.entries(installation.queues).map(([name, url]): Probe => ({
      check: `queue ${name}`,
      look: async () => await lookAtQueue(inspected, name, url),
    })),
    { check: "triggers", look: async () => await lookAtTriggers(inspected) },
    { check: "bucket", look: async () => await lookAtBucket(inspected) },
  ];
  return await Promise.all(probes.map(answering));
}

/** One look at a part; it may fail. */
interface Probe {
  readonly check: string;
  readonly look: () => Promise<Finding>;
}

async function answering(probe: Probe): Promise<Finding> {
  try {
    return await probe.look();
  } catch (error) {
    return {
      check: probe.check,
      status: "failed",
      text: `It could not be looked at: ${messageOf(error)}`,
    };
  }
}

async function lookAtSchema({ installation, environment }: Inspected): Promise<Finding> {
  const check = "schema";
  const database = await openDatabase(
    installation.database,
    await databaseEnvironment(environment),
  );
  try {
    const { to, statements } = await database.planMigration();
    if (statements.length === 0) return { check, status: "ok", text: `It is at version ${to}` };
    return {
      check,
      status: "failed",
      text: `${statements.length} statements are missing on the way to version ${to}`,
      remedy: "run `orrery migrate`, or deploy again",
    };
  } finally {
    await database.close();
  }
}

async function lookAtQueue(
  { manifest, environment }: Inspected,
  name: string,
  url: string,
): Promise<Finding> {
  const endpoint =
    environment["ORRERY_SQS_ENDPOINT"] ?? "https://message-queue.api.cloud.yandex.net";
  const world = { clock: localClock, random: systemRandom };
  const credentials = staticKey(environment);
  const client = createQueueClient({ endpoint, region: "ru-central1", credentials, ...world });
  const parts: MakeParts = { client, ...world, host: new URL(endpoint).host };
  try {
    const attributes = await attributesOf(parts, name, url);
    const wrong = queueFinding(name, manifest.queues[name], attributes);
    if (wrong.status !== "ok") return wrong;
    const dead = await countDeadLetters(parts, { name, url });
    if (dead === 0) return wrong;
    return {
      ...wrong,
      status: "warning",
      text: `${dead} messages are in its dead-letter queue`,
      remedy:
        "the function's log says why they failed; what they asked for is owed by the database",
    };
  } finally {
    client.close();
  }
}

async function lookAtTriggers({ installation, manifest }: Inspected): Promise<Finding> {
  const printed = await runFor({
    program: "yc",
    args: ["serverless", "trigger", "list", "--format", "json"],
    from: YC,
  });
  return triggerFinding(manifest, installation.functions, JSON.parse(printed) as FoundTrigger[]);
}

async function lookAtBucket({ installation, environment }: Inspected): Promise<Finding> {
  const check = "bucket";
  const client = openBucketClient({
    endpoint: environment["ORRERY_S3_ENDPOINT"] ?? "https://storage.yandexcloud.net",
    region: "ru-central1",
    credentials: staticKey(environment),
    bucket: installation.bucket,
    clock: localClock,
  });
  try {
    const head = await headObject(client, "config/orrery.yaml", "show config/orrery.yaml");
    if (head === undefined) {
      return {
        check,
        status: "warning",
        text: "There is no config/orrery.yaml in it, so nothing is applied from it",
        remedy: "`orrery deploy --config FILE` uploads one",
      };
    }
    const at = formatInstant(head.modifiedAt);
    return { check, status: "ok", text: `config/orrery.yaml is of ${at}, ${head.bytes} bytes` };
  } finally {
    client.close();
  }
}
