import { status as grpc } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { runSdkProcess } from "./run-sdk-process.ts";
import {
  breaks,
  cuts,
  done,
  endpoints,
  hangs,
  rows,
  saysNo,
  ScriptedServer,
} from "./scripted-server.ts";

/**
 * Node ends a process at a rejection that nobody handles. Each of these runs in a process of its
 * own, which also has to end by itself once its connection is closed: nothing is left behind.
 */
describe("a process with a connection survives, and ends by itself after", () => {
  it("a server that cannot be reached", async () => {
    const { result, unhandled } = await runSdkProcess("ours: acquire", "127.0.0.1:1");

    expect({ result, unhandled }).toEqual({ result: "GRPC_UNAVAILABLE", unhandled: [] });
  });

  it("a discovery that is refused", async (test) => {
    const server = await ScriptedServer.start(test, "bare");
    server.next("ListEndpoints", saysNo("UNAUTHORIZED"));

    const { result, unhandled } = await runSdkProcess("ours: acquire", server.address.endpoint);

    expect({ result, unhandled }).toEqual({ result: "UNAUTHORIZED", unhandled: [] });
  });

  it("a server that never answers", async (test) => {
    const server = await ScriptedServer.start(test, "bare");
    server.always("ListEndpoints", hangs());

    const { result, unhandled } = await runSdkProcess("ours: acquire", server.address.endpoint);

    expect({ result, unhandled }).toEqual({ result: "TIMED_OUT", unhandled: [] });
  });

  it("a throttled server, without the SDK's minutes of waiting", async (test) => {
    const server = await ScriptedServer.start(test);
    server.always("CreateSession", saysNo("OVERLOADED"));

    const { result, unhandled, tookMs } = await runSdkProcess(
      "ours: acquire",
      server.address.endpoint,
    );

    expect({ result, unhandled }).toEqual({ result: "OVERLOADED", unhandled: [] });
    expect(server.count("CreateSession")).toBe(1);
    expect(tookMs).toBeLessThan(10_000);
  });

  it("a server that dies in the middle of a call", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", async (call) => {
      void server.close();
      return await cuts()(call);
    });

    const { result, unhandled } = await runSdkProcess("ours: use", server.address.endpoint);

    expect({ result, unhandled }).toEqual({ result: "GRPC_UNAVAILABLE", unhandled: [] });
  });

  it.for([
    ["a deletion of a session that the database refuses", saysNo("BAD_SESSION")],
    ["a deletion of a session that breaks", breaks(grpc.INTERNAL)],
    ["a deletion of a session that is cut off", cuts()],
    ["a deletion of a session that is throttled", saysNo("OVERLOADED")],
    ["a deletion of a session that hangs", hangs()],
  ] as const)("%s", async ([, answer], test) => {
    const server = await ScriptedServer.start(test);
    server.always("DeleteSession", answer);

    const { result, unhandled } = await runSdkProcess("ours: drop", server.address.endpoint);

    expect({ result, unhandled }).toEqual({ result: "undefined", unhandled: [] });
    expect(server.count("DeleteSession")).toBe(1);
  });

  it.for([
    ["a later discovery that the database refuses", saysNo("UNAVAILABLE")],
    ["a later discovery that is throttled", saysNo("OVERLOADED")],
    ["a later discovery that breaks", breaks(grpc.UNAVAILABLE)],
    ["a later discovery that hangs", hangs()],
  ] as const)("%s", async ([, answer], test) => {
    const server = await ScriptedServer.start(test);
    const port = Number(server.address.endpoint.split(":")[1]);
    server.next("ListEndpoints", () => endpoints({ address: "127.0.0.1", port }));
    server.always("ListEndpoints", answer);

    const { result, unhandled } = await runSdkProcess(
      "ours: rest, every 20 ms",
      server.address.endpoint,
    );

    expect({ result, unhandled }).toEqual({ result: "undefined", unhandled: [] });
    expect(server.count("ListEndpoints")).toBeGreaterThan(3);
    expect(server.count("KeepAlive")).toBe(0);
    expect(server.count("CreateSession")).toBe(1);
  });

  it("a close during a call", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", hangs());

    const { result, unhandled } = await runSdkProcess(
      "ours: close during a call",
      server.address.endpoint,
    );

    expect({ result, unhandled }).toEqual({ result: "CLOSED", unhandled: [] });
  });

  it("a transaction that went well", async (test) => {
    const server = await ScriptedServer.start(test);
    server.next("ExecuteDataQuery", () => rows("tx1"));
    server.always("DeleteSession", () => done());

    const { result, unhandled } = await runSdkProcess("ours: use", server.address.endpoint);

    expect({ result, unhandled }).toEqual({ result: "undefined", unhandled: [] });
  });
});
