import { createHash } from "node:crypto";
import type { Value } from "./msgpack.ts";
import { readSchema } from "./provider-schema.ts";

interface Row {
  readonly [name: string]: Value;
}

const schema = readSchema();

/** Attributes with a form that somebody reads; others that the cloud would fill in are their ids. */
const FORMS: Readonly<Record<string, Readonly<Record<string, (row: Row) => Value>>>> = {
  yandex_message_queue: {
    id: ({ name }) =>
      `https://message-queue.api.cloud.yandex.net/b1gcloud/dj6000000000/${text(name)}`,
    arn: ({ name }) => `yrn:yc:ymq:ru-central1:b1gfolder:${text(name)}`,
  },
  yandex_ydb_database_serverless: {
    ydb_full_endpoint: ({ name }) =>
      `grpcs://ydb.serverless.yandexcloud.net:2135/?database=/ru-central1/b1gcloud/${text(name)}`,
  },
  yandex_api_gateway: { domain: ({ name }) => `${text(name)}.apigw.example` },
  // Where the keys go to Lockbox they are nowhere else.
  yandex_iam_service_account_static_access_key: {
    access_key: (row) => (inLockbox(row) ? null : "ACCESS-KEY-IN-STATE"),
    secret_key: (row) => (inLockbox(row) ? null : "SECRET-KEY-IN-STATE"),
    encrypted_secret_key: () => null,
    key_fingerprint: () => null,
  },
};

/** The planned state of a resource: what is proposed, and what the cloud would add to it. */
export function madeUp(type: string, proposed: Value): Value {
  // Nothing is left of what is deleted.
  if (proposed === null) return null;
  const row = proposed as Row;
  const added = Object.entries(schema[type]?.attributes ?? {}).flatMap(
    ([name, { computed, type: kind }]) => {
      const isOpen = computed && (row[name] === null || typeof row[name] === "symbol");
      if (!isOpen) return [];
      const form = FORMS[type]?.[name];
      if (form !== undefined) return [[name, form(row)] as const];
      return [[name, kind === "string" ? idOf(type, row, name) : null] as const];
    },
  );
  return { ...row, ...Object.fromEntries(added) };
}

/** `function-orrery-tick`, or with a digest where a resource has no name. */
function idOf(type: string, row: Row, attribute: string): string {
  const kind = type.replace(/^yandex_/, "");
  const named = row["name"] ?? row["bucket"];
  const digest = createHash("sha256").update(JSON.stringify(row)).digest("hex").slice(0, 8);
  const id = `${kind}-${typeof named === "string" ? named : digest}`;
  return attribute === "id" ? id : `${attribute}-of-${id}`;
}

function inLockbox(row: Row): boolean {
  return Array.isArray(row["output_to_lockbox"]) && row["output_to_lockbox"].length > 0;
}

function text(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}
