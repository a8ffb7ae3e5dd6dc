import { limits } from "../../core/limits.ts";
import type { Log, LogEntry } from "../../ports/log.ts";

/** Where lines go, such as `process.stdout`. */
export interface LineSink {
  write(line: string): unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Writes each entry as one line of JSON in the structured form of Yandex Cloud Logging: `message`
 * and `level` (upper case) are its own, everything else stands flat beside them. A field cannot
 * take the place of `level`, `name` or `message`.
 */
export class JsonLog implements Log {
  readonly #sink: LineSink;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(entry: LogEntry): void {
    const { level, name, message } = entry;
    const head = { level: level.toUpperCase(), name, message };
    const line = JSON.stringify({ ...head, ...entry.fields, ...head });
    this.#sink.write(`${fits(line) ? line : shortened(head, entry.fields)}\n`);
  }
}

const fits = (line: string): boolean => Buffer.byteLength(line) < limits.logLineBytes;

/**
 * A line that fits: the platform would split a longer one and read its parts as text. It keeps the
 * beginning of the message and the fields, in their order, that there is room for.
 */
function shortened(head: Fields & { readonly message: string }, fields: Fields): string {
  const message = head.message.slice(0, limits.logMessageChars);
  let kept = { ...head, message, shortened: true };
  for (const [name, value] of Object.entries(fields)) {
    const more = { ...kept, [name]: value, ...kept };
    if (fits(JSON.stringify(more))) kept = more;
  }
  return JSON.stringify(kept);
}
