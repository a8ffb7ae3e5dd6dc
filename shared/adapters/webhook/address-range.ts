import ipaddr from "ipaddr.js";

/** What the internet routes. Everything else is somebody's inside, or nobody's. */
export const PUBLIC_RANGES: ReadonlySet<string> = new Set(["unicast"]);

/**
 * What a laptop may tell as well: itself and its own networks. Link-local stays out, because clouds
 * hand out credentials there (169.254.169.254).
 */
export const OWN_RANGES: ReadonlySet<string> = new Set([
  ...PUBLIC_RANGES,
  "loopback",
  "private",
  "uniqueLocal",
]);

/** Source: IANA, IPv6 address space: all global unicast is allocated from here. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * The name of an address's range: `loopback`, `private`, `linkLocal`, … IPv6 forms that stand for
 * an IPv4 address (mapped, compatible, translated) have ranges of their own, none of them permitted
 * above: whoever means an IPv4 address can write it.
 */
export function addressRangeOf(address: string): string {
  if (!ipaddr.isValid(address)) return "unreadable";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  // The library calls the rest of the address space unicast, ::7f00:1 included.
  const isUnallocated = parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_UNICAST);
  return range === "unicast" && isUnallocated ? "unallocated" : range;
}
