import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { reflect, reflectedApi } from "../../../infra/local/grpc-reflection.ts";
import { PlatformService } from "../../../shared/gen/orrery/v1/platform_service_pb.ts";
import { ProjectDataService } from "../../../shared/gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import { collect } from "../../support/collect.ts";
import { GrpcClient } from "../../support/grpc-client.ts";
import { Opened } from "../../support/opened.ts";
import { aFront } from "./a-front.ts";

const api = reflectedApi([PlatformService, ProjectDataService]);

/** The fields of one message on the wire, by number; nested messages stay bytes. */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, (Uint8Array | number)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const value = wire === WireType.Varint ? reader.int32() : reader.bytes();
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const inner = (bytes: ReadonlyMap<number, (Uint8Array | number)[]>, field: number): Uint8Array =>
  bytes.get(field)?.[0] as Uint8Array;
const textOf = (value: Uint8Array | number | undefined): string =>
  Buffer.from(value as Uint8Array).toString();

const asking = (field: number, text: string): Uint8Array =>
  new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("host")
    .tag(field, WireType.LengthDelimited)
    .string(text)
    .finish();

/** The names of the files in an answer, in their order. */
function filesIn(answer: Uint8Array): readonly string[] {
  const files = fieldsOf(inner(fieldsOf(answer), 4)).get(1) ?? [];
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes as Uint8Array).name);
}

describe("a server that is asked about itself", () => {
  it("lists its services, and repeats what it was asked", () => {
    const request = asking(7, "*");

    const answer = fieldsOf(reflect(api, request));

    expect(textOf(inner(answer, 1))).toBe("host");
    expect(Buffer.from(inner(answer, 2)).equals(request)).toBe(true);
    const services = fieldsOf(inner(answer, 6)).get(1) ?? [];
    expect(services.map((each) => textOf(inner(fieldsOf(each as Uint8Array), 1)))).toEqual([
      "orrery.v1.PlatformService",
      "yandex.cloud.datasphere.v1.ProjectDataService",
    ]);
  });

  it.each([
    [3, "orrery/v1/platform_service.proto"],
    [4, "orrery.v1.PlatformService"],
    [4, "orrery.v1.PlatformService.GetHealth"],
    [4, "orrery.v1.Health"],
  ])("answers a question of kind %i for %s with the file and all it needs", (field, text) => {
    const files = filesIn(reflect(api, asking(field, text)));

    expect(files[0]).toBe("orrery/v1/platform_service.proto");
    expect(files).toContain("google/protobuf/descriptor.proto");
    expect(new Set(files).size).toBe(files.length);
  });

  it("knows the extensions of a message, by number", () => {
    const options = "google.protobuf.MethodOptions";
    const which = new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string(options)
      .tag(2, WireType.Varint)
      .int32(53001)
      .finish();
    const request = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(which).finish();

    expect(filesIn(reflect(api, request))[0]).toBe("orrery/options/v1/options.proto");
    const numbers = fieldsOf(inner(fieldsOf(reflect(api, asking(6, options))), 5)).get(2);
    expect(numbers).toEqual(expect.arrayContaining([53001, 53002, 72295728]));
  });

  it.each([
    [asking(4, "orrery.v1.Nothing"), 5],
    [asking(3, "nothing.proto"), 5],
    [new Uint8Array(), 12],
  ])("says what it does not know", (request, code) => {
    expect(fieldsOf(inner(fieldsOf(reflect(api, request)), 7)).get(1)).toEqual([code]);
  });

  it.each(["v1", "v1alpha"])("answers over gRPC, in version %s, one by one", async (version) => {
    await using opened = new Opened();
    const { port } = await aFront(opened);
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const stream = new GrpcClient(opened, port).both(path);
    for (const text of ["orrery.v1.Health", "orrery.v1.Nothing"]) {
      stream.write(Buffer.from(asking(4, text)));
    }
    stream.end();

    const answers = await collect(stream as AsyncIterable<Buffer>);

    expect(answers.map((answer) => [...fieldsOf(answer).keys()])).toEqual([
      [1, 2, 4],
      [1, 2, 7],
    ]);
  });

  it("fails the call, and nothing else, where it is asked nonsense", async (test) => {
    const { port } = await aFront(test);
    const client = new GrpcClient(test, port);
    const stream = client.both("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    stream.end(Buffer.from([0x0a, 0xff]));

    await expect(collect(stream as AsyncIterable<Buffer>)).rejects.toMatchObject({ code: 13 });
    expect((await client.unary(PlatformService.method.getHealth, {})).answer).toBeDefined();
  });
});
