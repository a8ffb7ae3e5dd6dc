import { toBinary, type DescFile, type DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "../../shared/api/code.ts";

/**
 * Answers what tools such as grpcurl ask a server about its own API. The six messages of the protocol
 * are read and written here by field number, which are the same in both of its versions.
 * Source: grpc/reflection/v1/reflection.proto.
 */
export const REFLECTION_PATHS = ["v1", "v1alpha"].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);

/** What is known of a server's API, for `reflect`. */
export interface ReflectedApi {
  readonly services: readonly string[];
  readonly files: ReadonlyMap<string, DescFile>;
  /** The file of each message, enum, extension, service and method. */
  readonly symbols: ReadonlyMap<string, DescFile>;
  /** The file of each extension, by the message it extends and its number. */
  readonly extensions: ReadonlyMap<string, ReadonlyMap<number, DescFile>>;
}

export function reflectedApi(services: readonly DescService[]): ReflectedApi {
  const files = new Map<string, DescFile>();
  for (const { file } of services) addFile(files, file);
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) {
    for (const each of nestedTypes(file)) {
      symbols.set(each.typeName, file);
      if (each.kind === "service") {
        for (const { name } of each.methods) symbols.set(`${each.typeName}.${name}`, file);
      }
      if (each.kind === "extension") {
        const extended = each.extendee.typeName;
        const numbers = extensions.get(extended) ?? new Map<number, DescFile>();
        extensions.set(extended, numbers.set(each.number, file));
      }
    }
  }
  return { services: services.map(({ typeName }) => typeName), files, symbols, extensions };
}

/** A file, and before it every file it needs. */
function addFile(files: Map<string, DescFile>, file: DescFile): void {
  if (files.has(file.proto.name)) return;
  for (const each of file.dependencies) addFile(files, each);
  files.set(file.proto.name, file);
}

/** Answers one `ServerReflectionRequest`. */
export function reflect(api: ReflectedApi, request: Uint8Array): Buffer {
  const { host, asked, text, number } = readRequest(request);
  const answer = new BinaryWriter().tag(1, BYTES).string(host).tag(2, BYTES).bytes(request);
  switch (asked) {
    case FILE_BY_FILENAME:
      writeFile(answer, api.files.get(text), text);
      break;
    case FILE_CONTAINING_SYMBOL:
      writeFile(answer, api.symbols.get(text), text);
      break;
    case FILE_CONTAINING_EXTENSION:
      writeFile(answer, api.extensions.get(text)?.get(number), `${text} ${number}`);
      break;
    case ALL_EXTENSION_NUMBERS:
      writeNumbers(answer, text, [...(api.extensions.get(text)?.keys() ?? [])]);
      break;
    case LIST_SERVICES:
      answer.tag(6, BYTES).fork();
      for (const name of api.services)
        answer.tag(1, BYTES).fork().tag(1, BYTES).string(name).join();
      answer.join();
      break;
    default:
      writeError(answer, Code.UNIMPLEMENTED, "The request asks nothing that is known here");
  }
  return Buffer.from(answer.finish());
}

const BYTES = WireType.LengthDelimited;
const NUMBER = WireType.Varint;

const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const FILE_CONTAINING_EXTENSION = 5;
const ALL_EXTENSION_NUMBERS = 6;
const LIST_SERVICES = 7;

/** The request's host, and the last thing it asks: its number, its text, an extension's number. */
function readRequest(bytes: Uint8Array): {
  readonly host: string;
  readonly asked: number;
  readonly text: string;
  readonly number: number;
} {
  const reader = new BinaryReader(bytes);
  const request = { host: "", asked: 0, text: "", number: 0 };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) request.host = reader.string();
    else if (field === FILE_CONTAINING_EXTENSION) {
      Object.assign(request, readExtension(reader.bytes()), { asked: field });
    } else if (field >= FILE_BY_FILENAME && field <= LIST_SERVICES) {
      Object.assign(request, { asked: field, text: reader.string() });
    }
    // Fields of later versions are passed over, as every reader of protobuf must.
    else reader.skip(wire);
  }
  return request;
}

function readExtension(bytes: Uint8Array): { readonly text: string; readonly number: number } {
  const reader = new BinaryReader(bytes);
  const extension = { text: "", number: 0 };
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) extension.text = reader.string();
    else if (field === 2) extension.number = reader.int32();
    // As above: what is unknown is passed over.
    else reader.skip(wire);
  }
  return extension;
}

/** A file with every file it needs, so that a client need not ask again. */
function writeFile(answer: BinaryWriter, file: DescFile | undefined, what: string): void {
  if (file === undefined) {
    writeError(answer, Code.NOT_FOUND, `There is no ${what} here`);
    return;
  }
  const needed = new Map<string, DescFile>();
  addFile(needed, file);
  answer.tag(4, BYTES).fork();
  for (const { proto } of [...needed.values()].toReversed()) {
    answer.tag(1, BYTES).bytes(toBinary(FileDescriptorProtoSchema, proto));
  }
  answer.join();
}

function writeNumbers(answer: BinaryWriter, message: string, numbers: readonly number[]): void {
  answer.tag(5, BYTES).fork().tag(1, BYTES).string(message);
  for (const number of numbers) answer.tag(2, NUMBER).int32(number);
  answer.join();
}

function writeError(answer: BinaryWriter, code: number, message: string): void {
  answer.tag(7, BYTES).fork().tag(1, NUMBER).int32(code).tag(2, BYTES).string(message).join();
}
