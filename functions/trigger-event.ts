import * as z from "zod";
import { OrreryError } from "../shared/core/errors.ts";
import { INSTANT_MAX, instant, parseInstant, type Instant } from "../shared/core/time/instant.ts";

/**
 * What triggers hand a function, as Yandex Cloud documents it: one object with `messages`. Unknown
 * members are ignored, because the platform adds some; both spellings of attribute members are
 * accepted, because its documentation has used both.
 * Source: Cloud Functions, "Trigger for Message Queue" and "Trigger for Object Storage".
 */
const metadata = z.object({ event_id: z.string(), created_at: z.string() });

/** A binary attribute has neither member; a sender's oddity must not hold up the whole batch. */
const attribute = z.object({
  string_value: z.string().optional(),
  stringValue: z.string().optional(),
});

const sentTimestamp = z
  .string()
  .regex(/^\d{1,15}$/)
  .refine((text) => Number(text) <= INSTANT_MAX, "expected milliseconds since 1970");

const queueEvent = z.object({
  messages: z
    .array(
      z.object({
        event_metadata: metadata,
        details: z.object({
          queue_id: z.string(),
          message: z.object({
            message_id: z.string(),
            body: z.string(),
            attributes: z.object({ SentTimestamp: sentTimestamp.optional() }).nullish(),
            message_attributes: z.record(z.string(), attribute).nullish(),
          }),
        }),
      }),
    )
    .min(1),
});

const objectEvent = z.object({
  messages: z
    .array(
      z.object({
        event_metadata: metadata.extend({
          event_type: z
            .string()
            .regex(/^yandex\.cloud\.events\.storage\.Object(Create|Update|Delete)$/),
        }),
        details: z.object({ bucket_id: z.string(), object_id: z.string() }),
      }),
    )
    .min(1),
});

/** One object that was written or removed. The event may be late, and the object another one by now. */
export interface ObjectChange {
  readonly id: string;
  readonly at: Instant;
  readonly key: string;
}

/** The changes of an object storage event; anything that is not one is refused with the place. */
export function decodeObjectEvent(event: unknown): readonly ObjectChange[] {
  return decode(objectEvent, event, "object storage").messages.map(
    ({ event_metadata, details }) => ({
      id: event_metadata.event_id,
      at: createdAt(event_metadata.created_at, "object storage"),
      key: details.object_id,
    }),
  );
}

/** One message of a queue trigger's batch. */
export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  /** When it was sent, or, where the queue does not say, when the trigger made the event. */
  readonly sentAt: Instant;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The messages of a queue trigger's batch; anything that is not one is refused with the place. */
export function decodeQueueEvent(event: unknown): readonly QueueMessage[] {
  return decode(queueEvent, event, "queue").messages.map(({ event_metadata, details }) => {
    const { message } = details;
    const attributes = Object.entries(message.message_attributes ?? {});
    return {
      id: message.message_id,
      body: message.body,
      sentAt: sentAt(message.attributes?.SentTimestamp, event_metadata.created_at),
      attributes: Object.fromEntries(
        attributes.flatMap(([name, { string_value, stringValue }]) => {
          const value = string_value ?? stringValue;
          return value === undefined ? [] : [[name, value]];
        }),
      ),
    };
  });
}

function sentAt(sentTimestamp: string | undefined, created: string): Instant {
  if (sentTimestamp !== undefined) return instant(Number(sentTimestamp));
  return createdAt(created, "queue");
}

/** The platform writes microseconds; our instants are whole milliseconds. */
function createdAt(text: string, kind: string): Instant {
  const parsed = parseInstant(text.replace(/(\.\d{3})\d+/, "$1"));
  if (parsed === undefined) throw invalid(kind, `created_at is no instant: ${text}`);
  return parsed;
}

function decode<T>(schema: z.ZodType<T>, event: unknown, kind: string): T {
  const result = schema.safeParse(event);
  if (result.success) return result.data;
  throw invalid(kind, z.prettifyError(result.error));
}

function invalid(kind: string, problem: string): OrreryError {
  return new OrreryError("MESSAGE_INVALID", `This is no ${kind} trigger event: ${problem}`);
}
