import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { guardHost, type HostGuardOptions } from "../../../infra/local/host-guard.ts";
import { Opened } from "../../support/opened.ts";

/** The first line that a guarded listener answers to this Host; undefined sends none. */
async function answerTo(host: string | undefined, options: HostGuardOptions): Promise<string> {
  await using opened = new Opened();
  const server = createServer(
    guardHost(options, (_request, response) => void response.end("hello")),
  );
  opened.onTestFinished(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const named = host === undefined ? "HTTP/1.0" : `HTTP/1.1\r\nHost: ${host}\r\nConnection: close`;
  socket.write(`GET / ${named}\r\n\r\n`);
  return (await text(socket)).split("\r\n")[0] ?? "";
}

const LOCAL = { host: "127.0.0.1" };

describe("a platform for its own machine", () => {
  it.each([
    "localhost",
    "localhost:7070",
    "LocalHost.:7070",
    "orrery.localhost",
    "127.0.0.1:7070",
    "127.0.0.2",
    "[::1]:7070",
    "10.1.2.3",
    undefined,
  ])("answers a request to %s", async (host) => {
    expect(await answerTo(host, LOCAL)).toContain(" 200 ");
  });

  it.each([
    "evil.example",
    "evil.example:7070",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "notlocalhost",
    "evil.example@127.0.0.1",
    "[",
    "[::1].evil.example",
    "localhost:7070:1",
    "",
  ])("refuses a request to %j, which may be a page's own name", async (host) => {
    expect(await answerTo(host, LOCAL)).toContain(" 421 ");
  });

  it.each(["localhost", "127.0.0.1", "127.8.8.8", "::1"])("is one on %s", async (host) => {
    expect(await answerTo("evil.example", { host })).toContain(" 421 ");
  });

  it("answers to its public URL", async () => {
    const options = { ...LOCAL, publicUrl: "https://Orrery.example:8443/" };

    expect(await answerTo("orrery.example:8443", options)).toContain(" 200 ");
    expect(await answerTo("evil.example", options)).toContain(" 421 ");
  });
});

describe("a platform for other machines", () => {
  it.each(["0.0.0.0", "::", "10.1.2.3", "orrery.example"])("on %s has any name", async (host) => {
    expect(await answerTo("whatever.example", { host })).toContain(" 200 ");
  });
});
