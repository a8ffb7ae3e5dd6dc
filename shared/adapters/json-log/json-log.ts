import { limits } from "../../core/limits.ts";
import type { Log, LogEntry } from "../../ports/log.ts";

/** Where lines go, such as `process.stdout`. */
export interface LineSink {
  write(line: string): unknown;
}

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface JsonLogOptions {
  /** What every line of the present call says, such as the id of its request. */
  readonly fields?: () => Fields;
  /** Takes out what is secret, wherever it came from. */
  readonly redact?: (text: string) => string;
}

/**
 * Writes each entry as one line of JSON in the structured form of Yandex Cloud Logging, which its
 * successor reads from there: `message`, `level` (upper case) and `stream_name` are its own, and
 * everything else stands flat beside them. The stream is the function.
 *
 * J1 A line is one line whoever splits it, ends with a newline, and has less than 64 KB.
 * J2 No field takes the place of what the platform reads, nor of what names the call.
 * J3 Values are texts, finite numbers and booleans; what is absent is left out.
 *
 * Source: Cloud Functions, "Structured logs": a line of JSON of up to 64 KB with `message` or `msg`;
 * `level` is TRACE, DEBUG, INFO, WARN, ERROR or FATAL, `stream_name` has 1 to 63 characters.
 */
export class JsonLog implements Log {
  readonly #sink: LineSink;
  readonly #options: JsonLogOptions;

  constructor(sink: LineSink, options: JsonLogOptions = {}) {
    this.#sink = sink;
    this.#options = options;
  }

  write({ level, name, message, fields }: LogEntry): void {
    const call = this.#clean(this.#options.fields?.() ?? {});
    const { function: stream } = call;
    const head = {
      level: level.toUpperCase(),
      name,
      message: this.#text(message),
      ...(typeof stream === "string" && STREAM.test(stream) ? { stream_name: stream } : {}),
      ...call,
    };
    const own = this.#clean(withoutReserved(fields));
    const line = lineOf({ ...head, ...own, ...head }) ?? shortened(head, own);
    this.#sink.write(`${line}\n`);
  }

  #clean(fields: Fields): Fields {
    const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
    return Object.fromEntries(kept.map(([name, value]) => [name, this.#value(value)]));
  }

  #value(value: Fields[string]): Fields[string] {
    if (typeof value === "string") return this.#text(value);
    // JSON has no word for it, and would say null.
    return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  }

  #text(text: string): string {
    const { redact } = this.#options;
    return (redact === undefined ? text : redact(text)).toWellFormed();
  }
}

const STREAM = /^[A-Za-z0-9_-]{1,63}$/;

/** `msg` would be read as another message, and a stream is not for an entry to choose. */
const RESERVED: ReadonlySet<string> = new Set(["msg", "stream_name"]);

function withoutReserved(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !RESERVED.has(name)));
}

/**
 * Ends of lines that JSON lets stand and some readers split at: NEL and the two separators of
 * Unicode, and DEL and the controls behind it, which have no business in a line either.
 */
const LINE_ENDS = /[\u007f-\u009f\u2028\u2029]/g;

/** Undefined where it would be too long for one. */
function lineOf(fields: Fields): string | undefined {
  const json = JSON.stringify(fields);
  // It has more bytes than that, and the ends of lines in it take more still.
  if (json.length >= limits.logLineBytes) return undefined;
  const line = json.replaceAll(
    LINE_ENDS,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Buffer.byteLength(line) < limits.logLineBytes ? line : undefined;
}

/**
 * A line that fits: the platform would split a longer one and read its parts as text. It keeps the
 * beginning of the message and the fields, in their order, that there is room for.
 */
function shortened(head: Fields & { readonly message: string }, fields: Fields): string {
  const message = head.message.slice(0, limits.logMessageChars).toWellFormed();
  const first = { ...head, message, shortened: true };
  let kept: Fields = first;
  let line =
    lineOf(first) ?? JSON.stringify({ level: head["level"], name: head["name"], message: "" });
  for (const [name, value] of Object.entries(fields)) {
    const more = { ...kept, [name]: value, ...first };
    const longer = lineOf(more);
    if (longer !== undefined) [kept, line] = [more, longer];
  }
  return line;
}
