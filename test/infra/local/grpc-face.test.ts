// One file for the four kinds of calls: what one kind must do, its neighbour is held against.

import { create, fromBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ClientWritableStream, Metadata } from "@grpc/grpc-js";
import { connect, constants } from "node:http2";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../../shared/api/api-error.ts";
import { Code } from "../../../shared/api/code.ts";
import { limits } from "../../../shared/core/limits.ts";
import {
  QuotaFailureSchema,
  RequestInfoSchema,
} from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../shared/gen/google/rpc/status_pb.ts";
import { PlatformService } from "../../../shared/gen/orrery/v1/platform_service_pb.ts";
import {
  ProjectDataService,
  type DownloadFileResponse,
} from "../../../shared/gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import { collect } from "../../support/collect.ts";
import { GrpcClient } from "../../support/grpc-client.ts";
import { Opened } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { aFront } from "./a-front.ts";
import { aChunk, anApi } from "./an-api.ts";

const { getHealth } = PlatformService.method;
const { downloadFile, uploadFile } = ProjectDataService.method;
const ID = /^[a-z0-9]{20}$/;

describe("a unary call", () => {
  it("is answered with the message, and with the ids of its call in the headers", async (test) => {
    const { port } = await aFront(test);

    const { answer, headers } = await new GrpcClient(test, port).unary(getHealth, {});

    expect(answer).toMatchObject({ status: "ok" });
    expect(headers?.get("x-request-id")).toEqual([expect.stringMatching(ID)]);
    expect(headers?.get("x-server-trace-id")).toEqual([expect.stringMatching(ID)]);
  });

  it("hands its metadata on, and the request id under which the server knows it", async (test) => {
    const seen: (string | undefined)[] = [];
    const api = anApi({
      health: async ({ header }) => {
        for (const name of ["authorization", "x-client-request-id", "x-absent"]) {
          seen.push(header(name));
        }
        return await Promise.resolve("ok");
      },
    });
    const { port } = await aFront(test, { api });
    const client = new GrpcClient(test, port);

    const metadata = { authorization: "Bearer t", "x-client-request-id": "mine-1" };
    const named = await client.unary(getHealth, {}, { metadata });
    const unnamed = await client.unary(getHealth, {});

    expect(named.headers?.get("x-request-id")).toEqual(["mine-1"]);
    expect(seen.slice(0, 3)).toEqual(["Bearer t", "mine-1", undefined]);
    expect(seen.slice(3)).toEqual([undefined, unnamed.headers?.get("x-request-id")[0], undefined]);
  });

  it("does not repeat a client's id that could not stand in a log line", async (test) => {
    const { port } = await aFront(test);

    const metadata = { "x-client-request-id": `a b ${"x".repeat(200)}` };
    const { headers } = await new GrpcClient(test, port).unary(getHealth, {}, { metadata });

    expect(headers?.get("x-request-id")).toEqual([expect.stringMatching(ID)]);
  });
});

describe("a call that fails", () => {
  const failing = (error: Error): ReturnType<typeof anApi> =>
    anApi({ health: async () => await Promise.reject(error) });

  it("is answered Trailers-Only, with code, text and the whole status", async (test) => {
    const quota = create(QuotaFailureSchema, {
      violations: [{ subject: "project:p", description: "1 > 0" }],
    });
    const info = create(RequestInfoSchema, { requestId: "r" });
    const details = [anyPack(QuotaFailureSchema, quota), anyPack(RequestInfoSchema, info)];
    const api = failing(new ApiError(Code.RESOURCE_EXHAUSTED, "Мест нет: 100 %", details));
    const { port } = await aFront(test, { api });

    const { error, headers } = await new GrpcClient(test, port).unary(getHealth, {});

    expect(headers).toBeUndefined();
    expect(error).toMatchObject({ code: 8, details: "Мест нет: 100 %" });
    expect(error?.metadata.get("x-request-id")).toEqual([expect.stringMatching(ID)]);
    expect(error?.metadata.get("x-server-trace-id")).toEqual([expect.stringMatching(ID)]);
    const [full] = error?.metadata.get("grpc-status-details-bin") ?? [];
    expect(fromBinary(StatusSchema, full as Buffer)).toMatchObject({
      code: 8,
      message: "Мест нет: 100 %",
      details: details.map(({ typeUrl, value }) => ({ typeUrl, value: Buffer.from(value) })),
    });
  });

  it("sends no END_STREAM of its own behind its headers", async (test) => {
    const { port } = await aFront(test, { api: failing(new ApiError(Code.NOT_FOUND, "none")) });
    const session = connect(`http://localhost:${port}`);
    test.onTestFinished(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": "/orrery.v1.PlatformService/GetHealth",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.end(Buffer.alloc(5));

    const [headers, flags] = (await once(stream, "response")) as [object, number];

    expect(headers).toMatchObject({ "grpc-status": "5" });
    expect(flags & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
  });

  it("keeps what a bug says to itself", async (test) => {
    const { port } = await aFront(test, { api: failing(new Error("secret at /home/me")) });

    const { error } = await new GrpcClient(test, port).unary(getHealth, {});

    expect(error).toMatchObject({ code: 13, details: "internal error" });
  });

  it("may say half a letter, and more than headers hold", async (test) => {
    const half = new ApiError(Code.ABORTED, `half \ud83d, ${"ф".repeat(20_000)}`);
    const { port } = await aFront(test, { api: failing(half) });
    const client = new GrpcClient(test, port);

    const { error } = await client.unary(getHealth, {});

    expect(error).toMatchObject({ code: 10 });
    expect(error?.details).toMatch(/^half \ufffd, ф+$/);
    expect(error?.metadata.get("grpc-status-details-bin")).toEqual([]);
  });
});

describe("a call that cannot be understood", () => {
  it("is UNIMPLEMENTED where there is no such method", async (test) => {
    const { port } = await aFront(test);
    const unknown = { ...getHealth, name: "GetWealth" };

    const { error } = await new GrpcClient(test, port).unary(unknown, {});

    expect(error).toMatchObject({ code: 12 });
  });

  it("is INTERNAL where its bytes are no message of the method", async (test) => {
    const { port } = await aFront(test, {
      api: anApi({ upload: async (requests) => BigInt((await collect(requests)).length) }),
    });
    const { sendMessage } = PlatformService.method;

    const bytes = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f]);
    const { error } = await new GrpcClient(test, port).unary(sendMessage, bytes);

    expect(error?.code).toBe(13);
    expect(error?.details).toContain("orrery.v1.SendMessageRequest");
  });

  it("is RESOURCE_EXHAUSTED where its message is larger than a server takes", async (test) => {
    const { port } = await aFront(test);
    const { sendMessage } = PlatformService.method;
    const client = new GrpcClient(test, port);

    const id = "x".repeat(limits.apiMessageBytes);
    const { error } = await client.unary(sendMessage, { id });

    expect(error).toMatchObject({ code: 8 });
    expect((await client.unary(getHealth, {})).answer).toMatchObject({ status: "ok" });
  });

  it.each([
    ["a path with letters that headers do not have", { ":path": "/\u00e9\u00ff/x" }],
    ["a strange host", { ":authority": "[" }],
    ["a timeout that is none", { "grpc-timeout": "soon" }],
    ["a timeout of ages", { "grpc-timeout": "99999999H" }],
    ["an unknown compression", { "grpc-encoding": "snappy" }],
    ["an unknown content", { "content-type": "text/html" }],
    ["a broken binary header", { "x-bin": "%%%" }],
    ["another HTTP method", { ":method": "PUT" }],
  ])("leaves the server well with %s", async (_what, headers) => {
    await using world = new Opened();
    const { port } = await aFront(world);
    const session = connect(`http://localhost:${port}`);
    session.on("error", () => undefined);
    world.onTestFinished(() => session.destroy());
    const usual = {
      ":method": "POST",
      ":path": "/orrery.v1.PlatformService/GetHealth",
      "content-type": "application/grpc",
      te: "trailers",
    };
    const stream = session.request({ ...usual, ...headers });
    stream.on("error", () => undefined);
    stream.end(Buffer.from([1, 0, 0, 0, 0]));
    await once(stream.resume(), "close");

    const { answer } = await new GrpcClient(world, port).unary(getHealth, {});

    expect(answer).toMatchObject({ status: "ok" });
  });
});

const file = { projectId: "p", filePath: "a" };

describe("a server stream", () => {
  it("arrives whole and in order, with the ids of its call", async (test) => {
    const api = anApi({
      async *download() {
        for (let n = 0; n < 300; n += 1)
          yield await Promise.resolve(aChunk(Buffer.from(String(n))));
      },
    });
    const { port } = await aFront(test, { api });
    const stream = new GrpcClient(test, port).serverStream(downloadFile, file);
    const metadata = once(stream, "metadata") as Promise<[Metadata]>;

    const chunks = await collect(stream as AsyncIterable<DownloadFileResponse>);

    expect(
      chunks.map(({ message }) => Buffer.from(message.value as Uint8Array).toString()),
    ).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
    expect((await metadata)[0].get("x-request-id")).toEqual([expect.stringMatching(ID)]);
  });

  it("is made no faster than its client reads", async (test) => {
    let made = 0;
    const api = anApi({
      async *download() {
        for (; made < 2_000; made += 1)
          yield await Promise.resolve(aChunk(Buffer.alloc(64 * 1024)));
      },
    });
    const { port } = await aFront(test, { api });
    const stream = new GrpcClient(test, port).serverStream(downloadFile, file);
    await once(stream, "readable");

    await standsStill(() => made);

    expect(made).toBeLessThan(200);
    const received = (await collect(stream)).length;
    expect(received).toBe(2_000);
  });

  it.each(["before its first message", "after some messages"])(
    "that fails %s says why",
    async (when) => {
      await using world = new Opened();
      const api = anApi({
        async *download() {
          if (when !== "before its first message")
            yield await Promise.resolve(aChunk(Buffer.of(1)));
          throw new ApiError(Code.NOT_FOUND, "No such file");
        },
      });
      const { port } = await aFront(world, { api });
      const stream = new GrpcClient(world, port).serverStream(downloadFile, file);
      let headers = 0;
      stream.on("metadata", () => (headers += 1));

      const read = collect(stream as AsyncIterable<DownloadFileResponse>);

      await expect(read).rejects.toMatchObject({ code: 5, details: "No such file" });
      expect(headers).toBe(when === "before its first message" ? 0 : 1);
    },
  );

  it("of nothing succeeds", async (test) => {
    const api = anApi({
      download: async function* () {
        await Promise.resolve();
      },
    });
    const { port } = await aFront(test, { api });

    const stream = new GrpcClient(test, port).serverStream(downloadFile, file);

    expect(await collect(stream as AsyncIterable<DownloadFileResponse>)).toEqual([]);
  });

  it.each([
    ["cancels", {}],
    ["runs out of time", { deadline: 300 }],
  ])(
    "ends at the server when its client %s",
    async (_what, { deadline }: { deadline?: number }) => {
      await using world = new Opened();
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
      const { port } = await aFront(world, { api });
      const options = deadline === undefined ? {} : { deadline: realClock.now() + deadline };
      const stream = new GrpcClient(world, port).serverStream(downloadFile, file, options);
      stream.on("error", () => undefined);
      await once(stream, "data");

      if (deadline === undefined) stream.cancel();

      expect(await over.promise).toBe(true);
    },
  );

  it("that nobody reads any more ends although it waits for room", async (test) => {
    const over = Promise.withResolvers<undefined>();
    const api = anApi({
      async *download() {
        try {
          for (;;) yield await Promise.resolve(aChunk(Buffer.alloc(64 * 1024)));
        } finally {
          over.resolve(undefined);
        }
      },
    });
    const { port } = await aFront(test, { api });
    const stream = new GrpcClient(test, port).serverStream(downloadFile, file);
    stream.on("error", () => undefined);
    await once(stream, "readable");

    stream.cancel();

    await over.promise;
  });

  it("is told that the platform stops", async (test) => {
    const api = anApi({
      async *download({ signal }) {
        yield aChunk(Buffer.of(1));
        await once(signal, "abort");
      },
    });
    const front = await aFront(test, { api });
    const stream = new GrpcClient(test, front.port).serverStream(downloadFile, file);
    const failed = once(stream, "error");
    await once(stream, "data");

    const closed = front.close();

    await expect(failed).resolves.toMatchObject([
      { code: 14, details: "The platform is stopping: call again" },
    ]);
    await closed;
  });
});

describe("a client stream", () => {
  const summing = anApi({
    upload: async (requests) => {
      let bytes = 0;
      for await (const { message } of requests) {
        if (message.case === "chunk") bytes += message.value.length;
      }
      return BigInt(bytes);
    },
  });
  const chunk = (bytes: number): object => ({
    message: { case: "chunk", value: new Uint8Array(bytes) },
  });

  it("is taken in whole and answered once it ends", async (test) => {
    const { port } = await aFront(test, { api: summing });
    const { stream, answered } = new GrpcClient(test, port).clientStream(uploadFile);

    for (let n = 0; n < 100; n += 1) stream.write(chunk(100_000));
    stream.end();

    expect((await answered).answer).toMatchObject({ metadata: { sizeBytes: 10_000_000n } });
  });

  it("is answered in the middle where its first message is refused", async (test) => {
    const api = anApi({
      upload: async (requests) => {
        for await (const { message } of requests)
          if (message.case === "chunk") throw new ApiError(Code.PERMISSION_DENIED, "not yours");
        return 0n;
      },
    });
    const { port } = await aFront(test, { api });
    const { stream, answered } = new GrpcClient(test, port).clientStream(uploadFile);

    stream.write(chunk(1));

    expect((await answered).error).toMatchObject({ code: 7, details: "not yours" });
  });

  it("is read no faster than it is taken in", async (test) => {
    const { promise: may, resolve: go } = Promise.withResolvers<undefined>();
    const api = anApi({
      upload: async (requests) => {
        await may;
        return BigInt((await collect(requests)).length);
      },
    });
    const { port } = await aFront(test, { api });
    const { stream, answered } = new GrpcClient(test, port).clientStream(uploadFile);
    let sent = 0;
    const send = (): void => {
      if (sent === 1_000) {
        stream.end();
        return;
      }
      stream.write(chunk(64 * 1024), () => {
        sent += 1;
        send();
      });
    };
    send();

    await standsStill(() => sent);
    expect(sent).toBeLessThan(100);
    go(undefined);

    expect((await answered).answer).toMatchObject({ metadata: { sizeBytes: 1_000n } });
  });

  it("that is cancelled ends its reading with an error", async (test) => {
    const begun = Promise.withResolvers<unknown>();
    const ended = Promise.withResolvers<boolean>();
    const api = anApi({
      upload: async (requests, { signal }) => {
        try {
          for await (const { message } of requests) begun.resolve(message);
          return 0n;
        } catch (error) {
          ended.resolve(signal.aborted);
          throw error;
        }
      },
    });
    const { port } = await aFront(test, { api });
    const { stream, answered } = new GrpcClient(test, port).clientStream(uploadFile);
    stream.write(chunk(1));
    await begun.promise;

    (stream as ClientWritableStream<unknown>).cancel();

    expect((await answered).error).toMatchObject({ code: 1 });
    expect(await ended.promise).toBe(true);
  });

  it("whose client waits is told that the platform stops", async (test) => {
    const begun = Promise.withResolvers<unknown>();
    const api = anApi({
      upload: async (requests) => {
        for await (const { message } of requests) begun.resolve(message);
        return 0n;
      },
    });
    const front = await aFront(test, { api });
    const { stream, answered } = new GrpcClient(test, front.port).clientStream(uploadFile);
    stream.write(chunk(1));
    await begun.promise;

    await front.close();

    expect((await answered).error).toMatchObject({
      code: 14,
      details: "The platform is stopping: call again",
    });
  });
});

/** Resolves once a number that grew has been the same for a while; there is no event for that. */
async function standsStill(count: () => number): Promise<void> {
  let before = -1;
  while (count() === 0 || before !== count()) {
    before = count();
    await pause(100);
  }
}
