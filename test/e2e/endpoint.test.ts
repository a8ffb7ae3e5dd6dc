import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Closing } from "../support/opened.ts";
import { orrery, type Printed } from "../cli/cli-world.ts";
import { Home, until } from "./home.ts";

const SCHEDULES = `
version: 1
defaults: { project: demo }
schedules:
  hello:
    when: "0 0 1 1 *"
    job: { cmd: "echo hello; echo hidden >&2; echo world" }
  endless:
    when: "0 0 1 1 *"
    job: { cmd: "echo begun; exec sleep 600" }
`;

/** A running platform, and commands that know nothing of it but its address. */
async function deployed(test: Closing) {
  const home = await Home.of(test);
  await home.write("orrery.yaml", SCHEDULES);
  const endpoint = await home.up().address();
  vi.stubEnv("ORRERY_TOKEN", await readFile(join(home.data, "token"), "utf8"));
  const remote = async (...args: readonly string[]): Promise<Printed> =>
    await orrery(...args, "--endpoint", endpoint);
  const local = async (...args: readonly string[]): Promise<Printed> =>
    await orrery(...args, ...home.where());
  return { home, endpoint, remote, local };
}

/** A server that answers every request so, and its address. */
async function answering(test: Closing, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  test.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeEach(() => vi.stubEnv("ORRERY_TOKEN", "a-token"));
afterEach(() => vi.unstubAllEnvs());

describe("a command over an endpoint", () => {
  it("starts a run, waits for its end, and shows what a command beside the data shows", async (test) => {
    const { remote, local } = await deployed(test);

    const started = await remote("run", "hello", "--wait", "--input", "DATE=2027-01-14");

    expect(started).toMatchObject({
      code: 0,
      err: expect.stringMatching(/succeeded in/) as string,
    });
    const run = started.out.trim();
    const same: readonly (readonly string[])[] = [
      ["runs", "--json"],
      ["show", run, "--json"],
      ["schedules", "--json"],
      ["usage", "demo", "--json"],
      ["deliveries", "--json"],
      ["rejected", "--json"],
      ["token", "list", "--json"],
      ["logs", run, "--stream", "stderr"],
    ];
    for (const command of same) {
      const [there, here] = await Promise.all([remote(...command), local(...command)]);
      expect(there, command.join(" ")).toEqual(here);
      expect(there.code, there.err).toBe(0);
    }
    expect(await remote("logs", run)).toMatchObject({ out: "hello\nworld\n", err: "hidden\n" });
    expect((await remote("explain", run)).code).toBe(0);
  });

  it("follows a log until its attempt ends, and cancels a run", async (test) => {
    const { remote } = await deployed(test);
    const run = (await remote("run", "endless")).out.trim();
    const followed = remote("logs", run, "--follow");
    await until("the program has begun", async () => (await remote("logs", run)).out !== "");

    expect((await remote("cancel", run)).code).toBe(0);

    expect(await followed).toMatchObject({ code: 0, out: "begun\n" });
    await until("the run is cancelled", async () => {
      const { out } = await remote("show", run, "--json");
      return (JSON.parse(out) as { readonly state: string }).state === "cancelled";
    });
  });

  it("sends a message as another system would", async (test) => {
    const { remote } = await deployed(test);

    const sent = await remote("send", "hello", "--id", "order-4711");

    expect(sent).toMatchObject({ code: 0, out: "order-4711\n" });
    await until("the message has become a run", async () => {
      const { out } = await remote("runs", "--json");
      return out.includes('"cause": "message"');
    });
  });

  it("looks whether the installation works, as a command beside the data does", async (test) => {
    const { remote, local } = await deployed(test);

    const [there, here] = await Promise.all([remote("doctor"), local("doctor")]);

    const untimed = (printed: Printed): string => printed.out.replaceAll(/\d+ ms/g, "some ms");
    expect(there).toMatchObject({ code: 0, err: "" });
    expect(untimed(there)).toBe(untimed(here));
    for (const check of ["proxy", "clock", "store", "configuration", "tick", "messages"]) {
      expect(there.out).toMatch(new RegExp(`^ok +${check} `, "m"));
    }
  });

  it("says what was not found, and what is wrong, with the codes that scripts rely on", async (test) => {
    const { remote } = await deployed(test);

    expect(await remote("show", "nobody.20270115T233000Z.1f0a9c3e")).toMatchObject({ code: 3 });
    expect(await remote("run", "helo")).toMatchObject({
      code: 3,
      err: expect.stringContaining("hello") as string,
    });
    expect(await remote("send", "--body", "{}")).toMatchObject({ code: 2 });
  });

  it("says how to give a token where the platform does not know it", async (test) => {
    const { remote } = await deployed(test);
    vi.stubEnv("ORRERY_TOKEN", "a-token-of-nobody");

    const refused = await remote("runs");

    expect(refused.code).toBe(1);
    expect(refused.err).toContain("set ORRERY_TOKEN");
    expect(refused.err).not.toContain("a-token-of-nobody");
  });
});

describe("an endpoint that is none", () => {
  it("is refused before a token goes anywhere", async () => {
    for (const wrong of ["http://example.org", "ftp://localhost", "https://u:p@example.org", "x"]) {
      const refused = await orrery("runs", "--endpoint", wrong);

      expect(refused.code, wrong).toBe(2);
      expect(refused.err).not.toContain("u:p");
    }
    const both = ["--endpoint", "https://example.org", "--store", "ydb://localhost:2136/local"];
    expect(await orrery("runs", ...both)).toMatchObject({ code: 2 });
  });

  it("is told with its address where nobody listens", async (test) => {
    const endpoint = await answering(test, () => undefined);
    const nobody = endpoint.replace(/:\d+$/, ":1");

    const refused = await orrery("runs", "--endpoint", nobody);

    const doctor = await orrery("doctor", "--endpoint", nobody);
    expect(doctor).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^FAILED +api/m) as string,
    });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(`${nobody} cannot be reached`);
    expect(refused.err).toContain("ENDPOINT_UNREACHABLE");
  });

  it("is asked again for what only reads, and not for what changes something", async (test) => {
    const asked: string[] = [];
    const endpoint = await answering(test, (request, response) => {
      asked.push(request.method ?? "");
      response.writeHead(503).end("upstream is away");
    });

    expect(await orrery("runs", "--endpoint", endpoint)).toMatchObject({
      code: 1,
      err: expect.stringContaining("answered 503") as string,
    });
    expect(await orrery("run", "hello", "--endpoint", endpoint)).toMatchObject({ code: 1 });

    expect(asked).toEqual(["GET", "GET", "GET", "POST"]);
  });

  it("gets no token through a redirect", async (test) => {
    const reached: (string | undefined)[] = [];
    const thief = await answering(test, (request, response) => {
      reached.push(request.headers.authorization);
      response.end("{}");
    });
    const endpoint = await answering(test, (_, response) => {
      response.writeHead(307, { Location: `${thief}/orrery/v1/runs` }).end();
    });

    expect(await orrery("runs", "--endpoint", endpoint)).toMatchObject({ code: 1 });

    expect(reached).toEqual([]);
  });

  it("may not answer without end", async (test) => {
    const endpoint = await answering(test, (_, response) => {
      const more = (): void => {
        while (response.write(Buffer.alloc(1024 * 1024, " ")));
      };
      response.on("drain", more);
      more();
    });

    expect(await orrery("run", "hello", "--endpoint", endpoint)).toMatchObject({
      code: 1,
      err: expect.stringContaining("more than") as string,
    });
  });
});
