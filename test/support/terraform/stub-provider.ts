import { Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { assert } from "../../../shared/core/assert.ts";
import type { Closing } from "../opened.ts";
import { decodeMsgpack, unknown, type Value } from "./msgpack.ts";
import { encodeSchemas, readSchema } from "./provider-schema.ts";
import { madeUp } from "./made-up.ts";

type Answer = (request: Fields) => Uint8Array;

/** The fields of a message by number; the last of each. */
type Fields = ReadonlyMap<number, Uint8Array>;

/**
 * Starts a provider that knows the resources of `yandex-schema.yaml` and makes nothing: what it is
 * asked for is there at once, with ids that are made up. Terraform checks every argument against the
 * schema; what only the provider's own code refuses goes through.
 *
 * Its value is what the environment of Terraform needs, so that it asks no registry.
 */
export async function startStubProvider(
  test: Closing,
): Promise<{ readonly TF_REATTACH_PROVIDERS: string }> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  const schemas = encodeSchemas(readSchema());
  const calls: Readonly<Record<string, Answer>> = {
    GetProviderSchema: () => schemas,
    ValidateProviderConfig: () => NOTHING,
    ValidateResourceConfig: () => NOTHING,
    ValidateDataResourceConfig: () => NOTHING,
    ConfigureProvider: () => NOTHING,
    StopProvider: () => NOTHING,
    UpgradeResourceState: (asked) => dynamic(1, jsonState(asked.get(3))),
    ReadResource: (asked) => dynamic(1, valueOf(asked.get(2))),
    PlanResourceChange: (asked) => dynamic(1, madeUp(textOf(asked.get(1)), valueOf(asked.get(3)))),
    ApplyResourceChange: (asked) => dynamic(1, valueOf(asked.get(3))),
  };
  for (const [name, respond] of Object.entries(calls)) addCall(server, name, respond);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  test.onTestFinished(() => {
    server.forceShutdown();
  });
  const attached = {
    ...{ Protocol: "grpc", ProtocolVersion: 6, Pid: process.pid, Test: true },
    Addr: { Network: "tcp", String: `127.0.0.1:${port}` },
  };
  const provider = "registry.terraform.io/yandex-cloud/yandex";
  return { TF_REATTACH_PROVIDERS: JSON.stringify({ [provider]: attached }) };
}

const NOTHING = new Uint8Array();

function addCall(server: Server, name: string, respond: Answer): void {
  const bytes = (value: Uint8Array): Buffer => Buffer.from(value);
  const definition = {
    path: `/tfplugin6.Provider/${name}`,
    ...{ requestStream: false, responseStream: false },
    ...{ requestSerialize: bytes, requestDeserialize: bytes },
    ...{ responseSerialize: bytes, responseDeserialize: bytes },
  };
  const handle: UntypedHandleCall = (
    call: { readonly request: Buffer },
    reply: (error: Error | null, value?: Uint8Array) => void,
  ) => {
    try {
      reply(null, respond(fieldsOf(call.request)));
    } catch (error) {
      reply(error as Error);
    }
  };
  server.addService({ [name]: definition }, { [name]: handle });
}

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Uint8Array>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.set(field, reader.bytes());
    // The rest are numbers and flags, which nobody here asks for.
    else reader.skip(type, field);
  }
  return fields;
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}

/** A `DynamicValue`. */
function valueOf(bytes: Uint8Array | undefined): Value {
  const packed = fieldsOf(bytes ?? NOTHING).get(1);
  assert(packed !== undefined, "Terraform sends values as MessagePack");
  return decodeMsgpack(packed);
}

/** A `RawState`, which is JSON. */
function jsonState(bytes: Uint8Array | undefined): Value {
  return JSON.parse(textOf(fieldsOf(bytes ?? NOTHING).get(1))) as Value;
}

/** A message whose one field is a `DynamicValue`. JSON has no unknown values, and here are none. */
function dynamic(field: number, value: Value): Uint8Array {
  const json = JSON.stringify(value, (_name, each: unknown) => {
    assert(each !== unknown, "everything is known to a provider that makes it up");
    return each;
  });
  const writer = new BinaryWriter();
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(2, WireType.LengthDelimited).bytes(Buffer.from(json));
  return writer.join().finish();
}
