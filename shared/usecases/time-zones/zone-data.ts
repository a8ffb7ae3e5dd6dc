/**
 * The version of the time zone data that this process goes by, such as `2026c`. It belongs to the
 * runtime as the code does, and changes only with it; `Intl`, which has the data, does not tell it.
 */
export function timeZoneData(): string {
  return process.versions["tz"] ?? "unknown";
}
