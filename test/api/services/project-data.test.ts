import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import {
  ProjectDataService,
  UploadFileRequestSchema,
  type UploadFileResponse,
} from "../../../shared/gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import { failureOf, incoming } from "../an-api.ts";
import { SharingWorld } from "./sharing-world.ts";

const { uploadFile, downloadFile } = ProjectDataService.method;

let world: SharingWorld;
beforeEach(async () => {
  world = new SharingWorld();
  await world.makeProject("alpha");
});
afterEach(async () => {
  await world.close();
});

type Sent = NonNullable<MessageInitShape<typeof UploadFileRequestSchema>["message"]>;

const file = (path: string, bytes: number): Sent => ({
  case: "metadata",
  value: { projectId: "alpha", path, sizeBytes: BigInt(bytes) },
});
const chunk = (text: string): Sent => ({ case: "chunk", value: new TextEncoder().encode(text) });

async function upload(...sent: readonly Sent[]): Promise<UploadFileResponse> {
  async function* messages() {
    for (const message of sent)
      yield await Promise.resolve(create(UploadFileRequestSchema, { message }));
  }
  return (await world.api.clientStream(uploadFile, incoming(), messages())) as UploadFileResponse;
}

/** The sizes of the chunks of a file, and its bytes as text. */
async function download(
  filePath: string,
): Promise<{ sizes: number[]; text: string; told: bigint }> {
  const sizes: number[] = [];
  const parts: Uint8Array[] = [];
  let told = -1n;
  for await (const { message } of world.stream(downloadFile, { projectId: "alpha", filePath })) {
    if (message.case === "metadata") {
      expect(parts).toHaveLength(0);
      expect(message.value.path).toBe(filePath);
      told = message.value.sizeBytes;
    } else if (message.case === "chunk") {
      sizes.push(message.value.length);
      parts.push(message.value);
    }
  }
  return { sizes, text: Buffer.concat(parts).toString(), told };
}

async function stored(): Promise<number> {
  return await world.files.usedBytes(projectId("alpha"));
}

describe("a file that is uploaded", () => {
  it("comes back byte for byte, behind its metadata", async () => {
    const answer = await upload(file("data/in.txt", 11), chunk("hello "), chunk("world"));

    expect(answer.metadata).toMatchObject({ path: "data/in.txt", sizeBytes: 11n });
    expect(await download("data/in.txt")).toEqual({ sizes: [11], text: "hello world", told: 11n });
  });

  it("comes back in chunks of at most the limit", async () => {
    const text = "x".repeat(2 * limits.dataChunkBytes + 5);
    await upload(file("big", text.length), chunk(text));

    const { sizes } = await download("big");

    expect(sizes).toEqual([limits.dataChunkBytes, limits.dataChunkBytes, 5]);
  });

  it("may be empty, and replaces what was there", async () => {
    await upload(file("a", 3), chunk("old"));
    await upload(file("a", 0));

    expect(await download("a")).toEqual({ sizes: [], text: "", told: 0n });
  });

  it.each([
    ["fewer bytes", [file("a", 5), chunk("four")]],
    ["more bytes", [file("a", 3), chunk("four")]],
  ])("is not written with %s than were announced", async (_name, sent) => {
    const failure = await failureOf(upload(...sent));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(await stored()).toBe(0);
  });

  it.each([
    ["leaves the storage", [file("../a", 1), chunk("x")]],
    ["is absolute elsewhere", [file("/etc/passwd", 1), chunk("x")]],
    ["is empty", [file("", 1), chunk("x")]],
    ["is endless", [file("a".repeat(5_000), 1), chunk("x")]],
  ])("is refused where its path %s", async (_name, sent) => {
    expect((await failureOf(upload(...sent))).code).toBe(Code.INVALID_ARGUMENT);
    expect(await stored()).toBe(0);
  });

  it("is announced once, before its bytes, with a size that fits", async () => {
    const wrong: readonly (readonly [string, readonly Sent[]])[] = [
      ["metadata: comes once", [file("a", 2), chunk("x"), file("a", 2), chunk("x")]],
      ["metadata.size_bytes", [file("a", limits.dataFileBytes + 1)]],
      ["metadata.size_bytes", [file("a", -1)]],
    ];
    for (const [told, sent] of wrong) {
      const failure = await failureOf(upload(...sent));
      expect(failure.code).toBe(Code.INVALID_ARGUMENT);
      expect(failure.message).toContain(told);
    }
    expect((await failureOf(upload(chunk("x"), file("a", 1)))).code).toBeGreaterThan(0);
    expect(await stored()).toBe(0);
  });

  it("fits the project's disk", async () => {
    const project = await world.projectOf("alpha");
    world.files.usedBytes = async () => await Promise.resolve(project.diskGb * 1024 ** 3);

    const failure = await failureOf(upload(file("a", 1), chunk("x")));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(failure.message).toContain("10 GB");
  });
});

describe("a file that is not there", () => {
  it("is not found", async () => {
    expect((await failureOf(download("nothing"))).code).toBe(Code.NOT_FOUND);
  });
});
