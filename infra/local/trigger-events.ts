import { formatInstant, type Instant } from "../../shared/core/time/instant.ts";
import type { ObjectChangeKind } from "./manifest.ts";

/**
 * The events a trigger hands to a function, member for member as Yandex Cloud documents them, so
 * that a handler cannot tell where it runs.
 * Source: Cloud Functions, "Timer", "Trigger for Message Queue"; API Gateway, request format 1.0.
 */
const LOCATION = { cloud_id: "local", folder_id: "local" };

export function timerEvent(
  trigger: string,
  call: { readonly id: string; readonly at: Instant },
): object {
  return {
    messages: [
      {
        event_metadata: {
          event_id: call.id,
          event_type: "yandex.cloud.events.serverless.triggers.TimerMessage",
          created_at: formatInstant(call.at),
          ...LOCATION,
        },
        details: { trigger_id: trigger, payload: "" },
      },
    ],
  };
}

/** A message as a queue hands it out. */
export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  readonly md5: string;
  /** The service's own attributes that a trigger passes on. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What its sender put beside the body, by name. */
  readonly messageAttributes?: Readonly<Record<string, string>>;
}

export function queueEvent(queue: string, messages: readonly QueuedMessage[], at: Instant): object {
  return {
    messages: messages.map((message) => ({
      event_metadata: {
        event_id: message.id,
        event_type: "yandex.cloud.events.messagequeue.QueueMessage",
        created_at: formatInstant(at),
        ...LOCATION,
      },
      details: {
        queue_id: `yrn:yc:ymq:ru-central1:local:${queue}`,
        message: {
          message_id: message.id,
          md5_of_body: message.md5,
          body: message.body,
          attributes: message.attributes,
          message_attributes: Object.fromEntries(
            Object.entries(message.messageAttributes ?? {}).map(([name, string_value]) => [
              name,
              { data_type: "StringValue", string_value },
            ]),
          ),
          md5_of_message_attributes: "",
        },
      },
    })),
  };
}

/** Source: Cloud Functions, "Trigger for Object Storage". */
export function objectEvent(
  changes: readonly { readonly kind: ObjectChangeKind; readonly key: string }[],
  call: { readonly id: string; readonly at: Instant },
): object {
  return {
    messages: changes.map(({ kind, key }, index) => ({
      event_metadata: {
        event_id: changes.length === 1 ? call.id : `${call.id}-${index}`,
        event_type: `yandex.cloud.events.storage.Object${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
        created_at: formatInstant(call.at),
        tracing_context: { trace_id: call.id, span_id: "", parent_span_id: "" },
        ...LOCATION,
      },
      details: { bucket_id: "local", object_id: key },
    })),
  };
}

/** An HTTP request that matched a route of the manifest. */
export interface RoutedRequest {
  readonly method: string;
  /** As it was sent. */
  readonly path: string;
  /** The route's template. */
  readonly resource: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Decoded, in their order; a name may repeat. */
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export function httpEvent(
  request: RoutedRequest,
  call: { readonly id: string; readonly at: Instant },
): object {
  const { method, path, resource, parameters, query, headers, body, sourceIp } = request;
  const listed = (values: Readonly<Record<string, string>>): object =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
  return {
    version: "1.0",
    httpMethod: method,
    path,
    resource,
    pathParameters: parameters,
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: gathered(query),
    headers,
    multiValueHeaders: listed(headers),
    body: body.toString("base64"),
    isBase64Encoded: true,
    requestContext: {
      identity: { sourceIp, userAgent: headers["user-agent"] ?? "" },
      httpMethod: method,
      requestId: call.id,
      requestTime: formatInstant(call.at),
      requestTimeEpoch: Math.floor(call.at / 1_000),
    },
  };
}

/** Every value of every name. */
function gathered(
  pairs: readonly (readonly [string, string])[],
): Readonly<Record<string, readonly string[]>> {
  const names = [...new Set(pairs.map(([name]) => name))];
  return Object.fromEntries(
    names.map((name) => [name, pairs.filter(([each]) => each === name).map(([, value]) => value)]),
  );
}
