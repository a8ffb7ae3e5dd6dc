import { OrreryError } from "../shared/core/errors.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * The trigger ids of a timer event; anything that is not one is refused with the place. Read by
 * hand: this is called every minute, and a schema's library would be an eighth of what the tick loads.
 * Source: Cloud Functions, "Timer".
 */
export function decodeTimerEvent(event: unknown): readonly string[] {
  const { messages } = membersOf(event, "the event");
  if (!Array.isArray(messages) || messages.length === 0) {
    throw refused("messages", "a list of at least one message");
  }
  return messages.map((message: unknown, index) => {
    const place = `messages[${index}]`;
    const { event_metadata, details } = membersOf(message, place);
    const metadata = membersOf(event_metadata, `${place}.event_metadata`);
    textOf(metadata, "event_id", `${place}.event_metadata`);
    textOf(metadata, "created_at", `${place}.event_metadata`);
    return textOf(membersOf(details, `${place}.details`), "trigger_id", `${place}.details`);
  });
}

function membersOf(value: unknown, place: string): Members {
  if (typeof value === "object" && value !== null) return value as Members;
  throw refused(place, "an object");
}

function textOf(members: Members, name: string, place: string): string {
  const value = members[name];
  if (typeof value === "string") return value;
  throw refused(`${place}.${name}`, "a text");
}

function refused(place: string, expected: string): OrreryError {
  return new OrreryError(
    "MESSAGE_INVALID",
    `This is no timer trigger event: ${place} is not ${expected}`,
  );
}
