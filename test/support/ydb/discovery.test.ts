import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { pipeline } from "node:stream";
import { type ListEndpointsResult, ListEndpointsResultSchema } from "@ydbjs/api/discovery";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawClient, resultOf, statusOf } from "./raw-client.ts";
import { DATABASE, openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld({ databases: [DATABASE] });
});
afterEach(async () => await world.close());

describe("discovery", () => {
  it("names the one endpoint there is", async () => {
    const { operation } = await world.client.discovery.listEndpoints({ database: DATABASE });

    const { endpoints } = resultOf<ListEndpointsResult>(ListEndpointsResultSchema, operation);
    expect(endpoints).toMatchObject([
      { address: "127.0.0.1", port: world.double.port, ssl: false },
    ]);
  });

  it("names the address that the caller used, so that whatever stands in between stays there", async () => {
    const proxy = createServer((socket) => {
      const upstream = connect(world.double.port, "127.0.0.1");
      // A pipeline ends both when one of them ends, however that was.
      pipeline(socket, upstream, socket, () => undefined);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const client = rawClient({ port }, DATABASE);

    const { operation } = await client.discovery.listEndpoints({ database: DATABASE });

    const { endpoints } = resultOf<ListEndpointsResult>(ListEndpointsResultSchema, operation);
    expect(endpoints).toMatchObject([{ address: "127.0.0.1", port }]);
    client.close();
    proxy.close();
  });

  it.each(["/", "/other", "", "local"])(
    "knows no database %j, and neither does any session",
    async (database) => {
      const client = rawClient(world.double, database);

      const { operation } = await client.discovery.listEndpoints({ database });
      const session = await client.table.createSession({});

      client.close();
      expect([statusOf(operation), statusOf(session.operation)]).toEqual([
        "NOT_FOUND",
        "NOT_FOUND",
      ]);
    },
  );

  it("takes any path for a database where none are given, but a path it is", async () => {
    const open = await openWorld();
    const statuses: string[] = [];
    for (const database of ["/ru-central1/b1g/etn-1", "/", "local", "/a//b"]) {
      const client = rawClient(open.double, database);
      const { operation } = await client.discovery.listEndpoints({ database });
      statuses.push(statusOf(operation));
      client.close();
    }

    await open.close();
    expect(statuses).toEqual(["SUCCESS", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"]);
  });

  it("is of the database in the header", async () => {
    const { operation } = await world.client.discovery.listEndpoints({ database: "/other" });
    expect(statusOf(operation)).toBe("BAD_REQUEST");
  });

  it("may fail", async () => {
    world.double.fault({ method: "ListEndpoints", when: "before", outcome: { grpc: 14 } });
    const call = world.client.discovery.listEndpoints({ database: DATABASE });
    await expect(call).rejects.toMatchObject({ code: 14 });
  });
});
