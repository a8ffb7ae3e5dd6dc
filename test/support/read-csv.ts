/**
 * Reads CSV by the grammar of RFC 4180, by nobody else's code: each record as an object by the names
 * of the first. Numbers are read as such where a column has nothing else, and what is empty is absent,
 * but for `units`. An apostrophe before a text is taken off.
 */
export function readCsv(text: string): readonly Readonly<Record<string, unknown>>[] {
  const [names = [], ...records] = recordsOf(text);
  return records.map((fields) => {
    if (fields.length !== names.length)
      throw new Error(`${fields.length} fields in ${fields.join()}`);
    const members = names.map((name, index) => [name, valueOf(name, fields[index] ?? "")] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  });
}

const NUMBERS = ["seq", "units", "heldAfter", "balanceAfter", "rate", "spendUnits"];

function valueOf(name: string, text: string): unknown {
  if (text === "") return name === "units" ? null : undefined;
  return NUMBERS.includes(name) ? Number(text) : text.replace(/^'/, "");
}

function recordsOf(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [field, length] = fieldAt(text, at);
    record.push(field);
    at += length;
    if (text[at] === ",") at += 1;
    else if (text.startsWith("\r\n", at)) {
      records.push(record);
      record = [];
      at += 2;
    } else throw new Error(`no end of a field at ${at}: ${text.slice(at, at + 20)}`);
  }
  if (record.length > 0) throw new Error("the last record has no end");
  return records;
}

function fieldAt(text: string, at: number): readonly [field: string, length: number] {
  if (text[at] !== '"') {
    const length = /^[^",\r\n]*/.exec(text.slice(at))?.[0].length ?? 0;
    return [text.slice(at, at + length), length];
  }
  const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at));
  if (quoted === null) throw new Error(`no closing quote behind ${at}`);
  return [(quoted[1] ?? "").replaceAll('""', '"'), quoted[0].length];
}
