/** A whole number with its thousands apart, for people: `12,345`. Programs get it plain. */
export function grouped(number: number | bigint): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}
