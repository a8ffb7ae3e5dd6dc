import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonLog, type JsonLogOptions } from "../../../shared/adapters/json-log/json-log.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { LogEntry } from "../../../shared/ports/log.ts";

function anEntry(fields: Partial<LogEntry> = {}): LogEntry {
  const message = "Admitted nightly";
  return { level: "info", name: "run.admitted", message, fields: {}, ...fields };
}

function written(entry: LogEntry, options?: JsonLogOptions): string {
  const chunks: string[] = [];
  new JsonLog({ write: (line) => chunks.push(line) }, options).write(entry);
  return chunks.join("");
}

const parsed = (entry: LogEntry): unknown => JSON.parse(written(entry));

describe("an entry in the JSON log", () => {
  it("is a line with its level, name, message and fields side by side", () => {
    const line = written(anEntry({ fields: { run: "nightly.1", units: 240, late: undefined } }));

    expect(line).toBe(
      '{"level":"INFO","name":"run.admitted","message":"Admitted nightly","run":"nightly.1","units":240}\n',
    );
  });

  it.each(["debug", "info", "warn", "error"] as const)("shouts its level %s", (level) => {
    expect(parsed(anEntry({ level }))).toMatchObject({ level: level.toUpperCase() });
  });

  it("stays one line whatever its texts hold", () => {
    const line = written(anEntry({ message: "a\nb\r\u2028c", fields: { text: "\n" } }));

    expect(line.match(/\n/g)).toHaveLength(1);
  });

  it("keeps its own level, name and message where a field has such a name", () => {
    const fields = { level: "FATAL", name: "x", message: "y" };

    expect(parsed(anEntry({ fields }))).toEqual(parsed(anEntry()));
  });

  it("is one line for whoever splits at any end of a line that Unicode knows", () => {
    const ends = "\n\r\u000b\u000c\u001c\u0085\u2028\u2029";
    const line = written(anEntry({ message: `a${ends}b`, fields: { text: ends } }));

    expect(line.slice(0, -1)).not.toMatch(/[\n\r\u000b\u000c\u001c-\u001e\u0085\u2028\u2029]/);
    expect(JSON.parse(line)).toMatchObject({ message: `a${ends}b`, text: ends });
  });

  it("names its call, whatever fields it has itself", () => {
    const fields = { function: "x", request_id: "y", trace_id: "z", stream_name: "s", msg: "m" };
    const call = { function: "tick", request_id: "r-1", trace_id: "t-1", span_id: "s-1" };

    expect(JSON.parse(written(anEntry({ fields }), { fields: () => call }))).toEqual({
      level: "INFO",
      name: "run.admitted",
      message: "Admitted nightly",
      stream_name: "tick",
      ...call,
    });
  });

  it("has values that are texts, numbers and booleans alone", () => {
    const fields = { nan: NaN, infinite: -Infinity, half: "\ud800", absent: undefined, zero: 0 };

    expect(parsed(anEntry({ fields }))).toMatchObject({
      nan: "NaN",
      infinite: "-Infinity",
      half: "\ufffd",
      zero: 0,
    });
    expect(written(anEntry({ fields }))).not.toMatch(/null|absent/);
  });

  it("has no secret in its message, its fields or its call", () => {
    const redact = (text: string): string => text.replaceAll("hush", "[redacted]");
    const entry = anEntry({ message: "a hush", fields: { text: "hush" } });

    const line = written(entry, { redact, fields: () => ({ request_id: "hush" }) });
    expect(line).not.toContain("hush");
  });

  it("keeps the fields there is room for when it is too long", () => {
    const fields = { first: 1, huge: "x".repeat(limits.logLineBytes), last: true };

    const entry = parsed(anEntry({ fields }));

    expect(entry).toEqual({
      level: "INFO",
      name: "run.admitted",
      message: "Admitted nightly",
      shortened: true,
      first: 1,
      last: true,
    });
  });

  it("keeps the beginning of a message that is too long", () => {
    const message = "\0".repeat(limits.logLineBytes);

    expect(parsed(anEntry({ message }))).toMatchObject({
      message: "\0".repeat(limits.logMessageChars),
    });
  });

  it("fills the line to its last byte and not beyond", () => {
    const spare = limits.logLineBytes - written(anEntry({ fields: { x: "" } })).length;
    const full = written(anEntry({ fields: { x: "x".repeat(spare) } }));
    const over = written(anEntry({ fields: { x: "x".repeat(spare + 1) } }));

    expect(full).toHaveLength(limits.logLineBytes);
    expect(JSON.parse(over)).toMatchObject({ shortened: true });
  });

  it("is a record within the size of a line, whatever it says", () => {
    const text = fc
      .tuple(fc.string({ unit: "binary", maxLength: 20 }), fc.integer({ min: 0, max: 9_000 }))
      .map(([unit, times]) => unit.repeat(times));
    const value = fc.oneof(text, fc.double(), fc.boolean(), fc.constant(undefined));

    fc.assert(
      fc.property(text, fc.dictionary(fc.string(), value, { maxKeys: 5 }), (message, fields) => {
        const line = written(anEntry({ message, fields }));

        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(limits.logLineBytes);
        expect(JSON.parse(line)).toMatchObject({ level: "INFO", name: "run.admitted" });
      }),
      { numRuns: 100 },
    );
  });
});
