/** Text that a spreadsheet would take for a formula, or that looks as if it were kept from that. */
const FORMULA = /^['=+\-@\t\r＝＋－＠]/;

/** A text of somebody's own, or a number; undefined where there is none. */
type CsvField = string | number | undefined;

/**
 * One record as RFC 4180 has it, with its line end. A text that a spreadsheet would calculate has an
 * apostrophe before it; so has one that begins with an apostrophe, so that taking off the first one
 * always gives the text back.
 */
export function csvRecord(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function csvField(field: CsvField): string {
  if (field === undefined) return "";
  if (typeof field === "number") return String(field);
  const text = FORMULA.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
