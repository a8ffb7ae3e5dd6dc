import { describe, expect, it } from "vitest";
import {
  addressRangeOf,
  OWN_RANGES,
  PUBLIC_RANGES,
} from "../../../shared/adapters/webhook/address-range.ts";

describe("an address", () => {
  it.each(["8.8.8.8", "77.88.8.8", "172.32.0.1", "192.169.0.1", "2a02:6b8::feed:ff"])(
    "is public as %s",
    (address) => {
      expect(PUBLIC_RANGES.has(addressRangeOf(address))).toBe(true);
    },
  );

  it.each([
    ["127.255.255.254", "::1"],
    ["10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ["fc00::1", "fdff:ffff::1"],
  ])("is a laptop's own, and not public, as %s", (...addresses) => {
    for (const address of addresses) {
      expect(PUBLIC_RANGES.has(addressRangeOf(address))).toBe(false);
      expect(OWN_RANGES.has(addressRangeOf(address))).toBe(true);
    }
  });

  it.each([
    ["0.0.0.0", "unspecified"],
    ["0.255.255.255", "unspecified"],
    ["100.64.0.1", "carrierGradeNat"],
    ["100.127.255.255", "carrierGradeNat"],
    ["169.254.169.254", "linkLocal"],
    ["192.0.2.1", "reserved"],
    ["198.18.0.1", "reserved"],
    ["224.0.0.1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "unspecified"],
    ["::7f00:1", "unallocated"],
    ["::ffff:8.8.8.8", "ipv4Mapped"],
    ["::ffff:0:127.0.0.1", "rfc6145"],
    ["64:ff9b::a00:1", "rfc6052"],
    ["2001::1", "teredo"],
    ["2001:db8::1", "reserved"],
    ["2002:7f00:1::", "6to4"],
    ["4000::1", "unallocated"],
    ["fe80::1", "linkLocal"],
    ["fe80::1%eth0", "linkLocal"],
    ["fec0::1", "deprecatedSiteLocal"],
    ["ff02::1", "multicast"],
    ["", "unreadable"],
    ["nonsense", "unreadable"],
  ])("is nobody's to tell as %s, which is %s", (address, range) => {
    expect(addressRangeOf(address)).toBe(range);
    expect(OWN_RANGES.has(range)).toBe(false);
  });
});
