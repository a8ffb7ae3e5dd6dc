import { readFile } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Session, type WrappedServiceClientType } from "@yandex-cloud/nodejs-sdk";
import { ProjectDataServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_data_service";
import { ListProjectsRequest } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { describe, expect, it } from "vitest";
import { PlatformService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { aChunk, anApi } from "../infra/local/an-api.ts";
import { aFront } from "../infra/local/a-front.ts";
import { GrpcClient } from "../support/grpc-client.ts";
import { Opened } from "../support/opened.ts";
import { Home } from "./home.ts";
import { SdkClient } from "./sdk-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";
const { getHealth, listTokens } = PlatformService.method;

async function aHome(test: Parameters<typeof Home.of>[0]): Promise<Home> {
  const home = await Home.of(test);
  await home.write("orrery.yaml", CONFIG);
  return home;
}

const projects = ListProjectsRequest.fromPartial({ communityId: "default" });

describe("a platform's one port", () => {
  it("answers the SDK, plain gRPC, HTTP and HTTPS at once", async (test) => {
    const home = await aHome(test);
    const client = await SdkClient.of(home, home.up());
    const { port } = new URL(client.address);
    const ca = await readFile(join(home.data, "tls", "ca.pem"));
    const token = (await readFile(join(home.data, "token"), "utf8")).trim();
    const plain = new GrpcClient(test, Number(port));
    const metadata = { authorization: `Bearer ${token}` };

    const [listed, health, tokens, page, secure] = await Promise.all([
      client.projects.list(projects),
      plain.unary(getHealth, {}),
      plain.unary(listTokens, {}, { metadata }),
      fetch(`${client.address}/orrery/v1/health`).then(
        async (response): Promise<unknown> => await response.json(),
      ),
      overHttps(`https://localhost:${port}/orrery/v1/health`, ca),
    ]);

    expect(listed.projects).toEqual([]);
    expect(health.answer).toMatchObject({ status: "ok" });
    expect(tokens.answer).toMatchObject({ tokens: [] });
    expect(page).toEqual({ status: "ok" });
    expect(JSON.parse(secure)).toEqual({ status: "ok" });
  });

  it("tells the SDK why a call failed, with its code", async (test) => {
    const home = await aHome(test);
    const platform = home.up();
    const stranger = await SdkClient.of(home, platform, "not-a-token");
    const client = await SdkClient.of(home, platform);

    await expect(stranger.projects.list(projects)).rejects.toMatchObject({
      name: "ClientError",
      code: 16,
      details: expect.stringMatching(/token/i) as string,
    });
    await expect(client.projects.get({ projectId: "nowhere" })).rejects.toMatchObject({
      name: "ClientError",
      code: 5,
    });
  });

  it("is found again by an idle SDK channel after a restart", async (test) => {
    const home = await aHome(test);
    const first = home.up();
    const client = await SdkClient.of(home, first);
    await client.projects.list(projects);
    first.signal("SIGTERM");
    expect(await first.ended).toEqual({ code: 0, signal: null });

    const { port } = new URL(client.address);
    const again = home.start({
      args: ["up", "--config", home.config, "--data", home.data, "--port", port],
    });
    await again.address();

    expect((await client.projects.list(projects)).projects).toEqual([]);
  });

  it("is told with the certificate to trust where it starts", async (test) => {
    const home = await aHome(test);
    const platform = home.up();

    const { port } = new URL(await platform.address());

    await platform.line(new RegExp(`localhost:${port}.*${join(home.data, "tls", "ca.pem")}`));
  });
});

describe("a stream to the SDK", () => {
  it.each(["is left in the middle", "is aborted"])("that %s ends at the server", async (how) => {
    await using test = new Opened();
    const over = Promise.withResolvers<boolean>();
    const api = anApi({
      async *download({ signal }) {
        try {
          yield aChunk(Buffer.of(1));
          await once(signal, "abort");
        } finally {
          over.resolve(signal.aborted);
        }
      },
    });
    const { port, ca } = await aFront(test, { api });
    const session = new Session({ iamToken: "t", ssl: { rootCerts: ca } });
    const data = session.client(ProjectDataServiceClient, `localhost:${port}`);
    const abort = new AbortController();

    const reading = (async (): Promise<void> => {
      const file = { projectId: "p", filePath: "a" };
      // The SDK names the type of a polyfill, and takes what is built in.
      const signal = abort.signal as unknown as CallSignal;
      for await (const { chunk } of data.downloadFile(file, { signal })) {
        if (how === "is left in the middle" && chunk !== undefined) return;
        abort.abort();
      }
    })();

    await reading.catch(() => undefined);
    expect(await over.promise).toBe(true);
  });
});

type Downloading = WrappedServiceClientType<typeof ProjectDataServiceClient.service>;
type CallSignal = NonNullable<NonNullable<Parameters<Downloading["downloadFile"]>[1]>["signal"]>;

async function overHttps(url: string, ca: Buffer): Promise<string> {
  const request = httpsRequest(url, { ca, agent: false });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return await text(response);
}
