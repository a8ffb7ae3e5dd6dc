import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import {
  create,
  equals,
  fromBinary,
  toBinary,
  type DescEnum,
  type DescFile,
  type DescMessage,
  type DescMethod,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { sampleField, setField, fillRandomly } from "./message-samples.ts";

/**
 * The same wire as the official SDK speaks. Its codecs carry no descriptors, so their behaviour is
 * compared: a field alone must show up under its own name and come back as the same bytes, which
 * also tells two fields of one type apart.
 */

interface Codec {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Record<string, unknown>;
  fromPartial(part: object): Record<string, unknown>;
}
interface Rpc {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const require = createRequire(import.meta.url);
const sdk = join(dirname(require.resolve("@yandex-cloud/nodejs-sdk")), "generated");
const gen = join(import.meta.dirname, "../../shared/gen");

/** What the public API had once and old clients still call; the SDK of today has none of it. */
const RESTORED = /\b(CellOutputs|GetCellOutputs|GetStateVariables|GetNotebookMetadata)/;
/** The SDK leaves this service out. */
const LEFT_OUT = /\bDockerImageV2Service\b|\bv2\.SetActiveRequest$/;

const packages = [
  "yandex/cloud/datasphere/v1",
  "yandex/cloud/datasphere/v2",
  "yandex/cloud/datasphere/v2/jobs",
  "yandex/cloud/operation",
  "yandex/cloud/access",
];

const files = await ourFiles();
const messages = files.flatMap((file) => file.messages.flatMap(withNested));
const enums = files.flatMap((file) => [
  ...file.enums,
  ...messagesOf(file).flatMap((m) => m.nestedEnums),
]);
const methods = files.flatMap((file) => file.services.flatMap((service) => service.methods));

describe("what the SDK and we call by the same name", () => {
  const shared = messages.filter(
    ({ typeName }) => !RESTORED.test(typeName) && !LEFT_OUT.test(typeName),
  );

  it("are all of the SDK's messages, but for those it has only for maps", () => {
    const ours = new Set(messages.map(({ typeName }) => typeName));
    const theirs = packages.flatMap((each) =>
      sdkCodecs(each).map((name) => typeNameOf(each, name)),
    );
    expect(theirs.filter((name) => !ours.has(name) && !/Entry$/.test(name))).toEqual([]);
    expect(shared.length).toBeGreaterThan(170);
  });

  it.each(shared.map((desc) => [desc.typeName, desc] as const))(
    "%s has the same fields",
    (_, desc) => {
      const codec = codecOf(desc);
      const names = desc.fields.map((field) => field.localName);
      expect(Object.keys(codec.fromPartial({})).toSorted()).toEqual(names.toSorted());
      for (const field of desc.fields) {
        const message = create(desc);
        setField(message, field, sampleField(field));
        const bytes = toBinary(desc, message);
        const read = codec.decode(bytes);
        expect(changedIn(read, codec.decode(new Uint8Array())), field.name).toEqual([
          field.localName,
        ]);
        const back = fromBinary(desc, codec.encode(read).finish());
        expect(equals(desc, back, message), `${field.name} comes back`).toBe(true);
      }
    },
  );

  it("any message survives the way there and back", () => {
    const random = seededRandom(7);
    for (const desc of shared) {
      for (let round = 0; round < 20; round += 1) {
        const message = create(desc);
        fillRandomly(message, desc, () => random.fraction());
        const back = codecOf(desc)
          .encode(codecOf(desc).decode(toBinary(desc, message)))
          .finish();
        expect(equals(desc, fromBinary(desc, back), message), desc.typeName).toBe(true);
      }
    }
  });

  it.each(enums.map((desc) => [desc.typeName, desc] as const))(
    "%s has the same values",
    (_, desc) => {
      const ours = Object.fromEntries(desc.values.map(({ name, number }) => [name, number]));
      expect(ours).toEqual(sdkEnum(desc));
    },
  );

  it("are the methods, with the same paths and streams", () => {
    const known = methods.filter(
      ({ name, parent }) => !RESTORED.test(name) && !LEFT_OUT.test(parent.typeName),
    );
    expect(known.length).toBe(67);
    for (const method of known) {
      const { path, requestStream, responseStream } = sdkMethod(method);
      expect(path).toBe(`/${method.parent.typeName}/${method.name}`);
      const kind = `${requestStream ? "client_" : ""}${responseStream ? "server_" : ""}streaming`;
      expect(kind === "streaming" ? "unary" : kind).toBe(method.methodKind);
    }
  });
});

async function ourFiles(): Promise<readonly DescFile[]> {
  const paths = packages.flatMap((each) =>
    readdirSync(join(gen, each))
      .filter((name) => name.endsWith("_pb.ts"))
      .map((name) => join(gen, each, name)),
  );
  const modules = await Promise.all(paths.map(async (path) => (await import(path)) as object));
  return modules.flatMap((module) => Object.values(module).filter(isFile));
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}

function withNested(desc: DescMessage): readonly DescMessage[] {
  return [desc, ...desc.nestedMessages.flatMap(withNested)];
}

function messagesOf(file: DescFile): readonly DescMessage[] {
  return file.messages.flatMap(withNested);
}

function sdkModules(path: string): readonly Record<string, unknown>[] {
  const names = readdirSync(join(sdk, path)).filter((name) => name.endsWith(".js"));
  return names.map((name) => require(join(sdk, path, name)) as Record<string, unknown>);
}

function sdkCodecs(path: string): readonly string[] {
  return sdkModules(path).flatMap((module) =>
    Object.entries(module)
      .filter(([, value]) => typeof (value as Codec | undefined)?.fromPartial === "function")
      .map(([name]) => name),
  );
}

/** `Outer_Inner` of a package, as protos spell it. */
function typeNameOf(path: string, name: string): string {
  return `${path.replaceAll("/", ".")}.${name.replaceAll("_", ".")}`;
}

/** An export of the SDK, by the package and the name inside it. */
function sdkExport(typeName: string, file: DescFile): unknown {
  const inside = typeName.slice(file.proto.package.length + 1).replaceAll(".", "_");
  const found = sdkModules(file.proto.package.replaceAll(".", "/")).find((module) =>
    Object.hasOwn(module, inside),
  );
  return found?.[inside];
}

function codecOf(desc: DescMessage): Codec {
  const codec = sdkExport(desc.typeName, desc.file);
  if (codec === undefined)
    throw new Error(`the SDK has no ${desc.typeName} (${relative(sdk, desc.file.name)})`);
  return codec as Codec;
}

function sdkEnum(desc: DescEnum): Record<string, number> {
  const values = sdkExport(desc.typeName, desc.file) as Record<string, number>;
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !/^-?\d+$/.test(name) && name !== "UNRECOGNIZED"),
  );
}

function sdkMethod(method: DescMethod): Rpc {
  const service = sdkExport(`${method.parent.typeName}Service`, method.parent.file) as Record<
    string,
    Rpc
  >;
  const rpc = service[method.localName];
  if (rpc === undefined) throw new Error(`the SDK has no ${method.parent.typeName}.${method.name}`);
  return rpc;
}

/** Which properties differ, by what JSON shows of them. */
function changedIn(
  read: Record<string, unknown>,
  empty: Record<string, unknown>,
): readonly string[] {
  const names = new Set([...Object.keys(read), ...Object.keys(empty)]);
  return [...names].filter((name) => JSON.stringify(read[name]) !== JSON.stringify(empty[name]));
}
