import type { LookupAddress } from "node:dns";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aNotification } from "../../contract/channel.ts";
import { aChannel } from "./a-channel.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const resolvingTo =
  (...addresses: readonly string[]) =>
  async (): Promise<LookupAddress[]> =>
    await Promise.resolve(
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
});

describe("a channel of the cloud", () => {
  const channel = aChannel({ allowPrivate: false });

  it.each([
    ["127.0.0.1", "loopback"],
    ["2130706433", "loopback"],
    ["0x7f000001", "loopback"],
    ["0177.0.0.1", "loopback"],
    ["127.1", "loopback"],
    ["127.0.0.1.", "loopback"],
    ["localhost", "loopback"],
    ["[::1]", "loopback"],
    ["[::ffff:127.0.0.1]", "ipv4Mapped"],
    ["[::127.0.0.1]", "unallocated"],
    ["[64:ff9b::7f00:1]", "rfc6052"],
    ["0.0.0.0", "unspecified"],
    ["[::]", "unspecified"],
    ["169.254.169.254", "linkLocal"],
    ["10.0.0.1", "private"],
  ])("sends nothing to %s", async (host, range) => {
    const url = `http://${host}:${receiver.port}/`;

    const outcome = await channel.deliver({ kind: "webhook", url }, aNotification());

    expect(outcome).toEqual({
      delivered: false,
      retryable: false,
      detail: `${new URL(url).origin} leads to a ${range} address, where nothing may be sent`,
    });
    expect(receiver.requests).toEqual([]);
  });

  it("sends nothing to a name that resolves to loopback", async () => {
    const named = aChannel({ allowPrivate: false, resolve: resolvingTo("127.0.0.1") });
    const url = `http://hooks.example.org:${receiver.port}/`;

    const outcome = await named.deliver({ kind: "webhook", url }, aNotification());

    expect(outcome).toMatchObject({ delivered: false, retryable: false });
    expect(outcome.detail).toContain("leads to a loopback address");
    expect(receiver.requests).toEqual([]);
  });

  it("sends nothing to a name that hides loopback among public addresses", async () => {
    const resolve = resolvingTo("8.8.8.8", "127.0.0.1");
    const named = aChannel({ allowPrivate: false, resolve });
    const url = `http://hooks.example.org:${receiver.port}/`;

    const outcome = await named.deliver({ kind: "webhook", url }, aNotification());

    expect(outcome.detail).toContain("leads to a loopback address");
    expect(receiver.requests).toEqual([]);
  });
});

describe("a channel of a laptop", () => {
  it.each(["127.0.0.1", "2130706433"])("tells its own services at %s", async (host) => {
    const url = `http://${host}:${receiver.port}/`;

    const outcome = await aChannel().deliver({ kind: "webhook", url }, aNotification());

    expect(outcome.delivered).toBe(true);
  });

  it.each(["169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "224.0.0.1"])(
    "sends nothing to %s all the same",
    async (host) => {
      const url = `http://${host}:${receiver.port}/`;

      const outcome = await aChannel().deliver({ kind: "webhook", url }, aNotification());

      expect(outcome).toMatchObject({ delivered: false, retryable: false });
      expect(receiver.requests).toEqual([]);
    },
  );

  it("connects to the addresses that were judged, without resolving again", async () => {
    const answers = [["127.0.0.1"], ["169.254.169.254"]];
    const resolve = async (): Promise<LookupAddress[]> =>
      await resolvingTo(...(answers.shift() ?? []))();
    const url = `http://hooks.example.org:${receiver.port}/`;

    const outcome = await aChannel({ resolve }).deliver({ kind: "webhook", url }, aNotification());

    expect(outcome.delivered).toBe(true);
    expect(answers).toHaveLength(1);
    expect(receiver.requests[0]?.headers.host).toBe(`hooks.example.org:${receiver.port}`);
  });

  it("tries the next address when nobody listens at the first", async () => {
    const resolve = resolvingTo("127.0.0.2", "127.0.0.1");
    const url = `http://hooks.example.org:${receiver.port}/`;

    const outcome = await aChannel({ resolve }).deliver({ kind: "webhook", url }, aNotification());

    expect(outcome.delivered).toBe(true);
  });

  it("tries again later when a name does not resolve", async () => {
    const failure = Object.assign(new Error("getaddrinfo failed"), { code: "EAI_AGAIN" });
    const resolve = async (): Promise<never> => await Promise.reject(failure);
    const url = "http://hooks.example.org/";

    const outcome = await aChannel({ resolve }).deliver({ kind: "webhook", url }, aNotification());

    expect(outcome).toEqual({
      delivered: false,
      retryable: true,
      detail: "the exchange with http://hooks.example.org failed: EAI_AGAIN",
    });
  });
});
