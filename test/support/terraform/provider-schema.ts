import { readFileSync } from "node:fs";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { parse } from "yaml";

/** A setting of a resource, and whether the provider may say what it is. */
interface Attribute {
  readonly type: "string" | "number" | "bool" | "map" | "set" | "list" | Block;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
}

export interface Block {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly blocks: Readonly<Record<string, { readonly block: Block; readonly isOne: boolean }>>;
}

interface Written {
  readonly [name: string]: string | Written;
}

/** Resources by their types, as `yandex-schema.yaml` has them. */
export function readSchema(): Readonly<Record<string, Block>> {
  const text = readFileSync(new URL("yandex-schema.yaml", import.meta.url), "utf8");
  return Object.fromEntries(
    Object.entries(parse(text) as Record<string, Written>).map(([name, each]) => [
      name,
      blockOf(each),
    ]),
  );
}

/** What a provider itself is told. */
const PROVIDER: Block = blockOf({
  ...{ cloud_id: "string", folder_id: "string", organization_id: "string", zone: "string" },
  ...{ token: "string", endpoint: "string", region_id: "string", insecure: "bool" },
  ...{ service_account_key_file: "string", storage_endpoint: "string", max_retries: "number" },
  ...{ storage_access_key: "string", storage_secret_key: "string", ymq_endpoint: "string" },
  ...{ ymq_access_key: "string", ymq_secret_key: "string", profile: "string" },
  ...{ shared_credentials_file: "string", plaintext: "bool" },
});

function blockOf(written: Written): Block {
  const attributes: Record<string, Attribute> = {};
  const blocks: Record<string, { readonly block: Block; readonly isOne: boolean }> = {};
  for (const [key, value] of Object.entries(written)) {
    const [, name = "", mark = ""] = /^(\w+)(\{\}|\[\]|=)?$/.exec(key) ?? [];
    if (typeof value === "string") attributes[name] = attributeOf(value);
    else if (mark === "=") attributes[name] = { ...SETTABLE, type: blockOf(value) };
    else blocks[name] = { block: blockOf(value), isOne: mark === "{}" };
  }
  return { attributes, blocks };
}

const SETTABLE = { required: false, optional: true, computed: false } as const;

function attributeOf(text: string): Attribute {
  const [type = "", ...words] = text.split(" ");
  const required = words.includes("required");
  const computed = words.includes("computed");
  return {
    type: type as "string",
    required,
    computed,
    optional: !required && (!computed || words.includes("optional")),
  };
}

/** `GetProviderSchema.Response` of plugin protocol 6. Source: Terraform, "tfplugin6.6.proto". */
export function encodeSchemas(resources: Readonly<Record<string, Block>>): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 1, (schema) => schemaOf(schema, PROVIDER));
  for (const [name, block] of Object.entries(resources)) {
    message(writer, 2, (entry) => {
      entry.tag(1, WireType.LengthDelimited).string(name);
      message(entry, 2, (schema) => schemaOf(schema, block));
    });
  }
  return writer.finish();
}

function schemaOf(writer: BinaryWriter, block: Block): void {
  writer.tag(1, WireType.Varint).int64(0);
  message(writer, 2, (inner) => {
    encodeBlock(inner, block);
  });
}

function encodeBlock(writer: BinaryWriter, { attributes, blocks }: Block): void {
  for (const [name, attribute] of Object.entries(attributes)) {
    message(writer, 2, (inner) => {
      encodeAttribute(inner, name, attribute);
    });
  }
  for (const [name, { block, isOne }] of Object.entries(blocks)) {
    message(writer, 3, (inner) => {
      inner.tag(1, WireType.LengthDelimited).string(name);
      message(inner, 2, (nested) => {
        encodeBlock(nested, block);
      });
      inner.tag(3, WireType.Varint).int32(LIST);
      if (isOne) inner.tag(5, WireType.Varint).int64(1);
    });
  }
}

/** `NestedBlock.NestingMode` and `Object.NestingMode`. */
const LIST = 2;
const SINGLE = 1;

function encodeAttribute(writer: BinaryWriter, name: string, attribute: Attribute): void {
  const { type } = attribute;
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (typeof type === "string") {
    const cty = ["map", "set", "list"].includes(type) ? [type, "string"] : type;
    writer.tag(2, WireType.LengthDelimited).bytes(Buffer.from(JSON.stringify(cty)));
  } else {
    message(writer, 10, (object) => {
      for (const [each, inner] of Object.entries(type.attributes)) {
        message(object, 1, (nested) => {
          encodeAttribute(nested, each, inner);
        });
      }
      object.tag(3, WireType.Varint).int32(SINGLE);
    });
  }
  if (attribute.required) writer.tag(4, WireType.Varint).bool(true);
  if (attribute.optional) writer.tag(5, WireType.Varint).bool(true);
  if (attribute.computed) writer.tag(6, WireType.Varint).bool(true);
}

function message(writer: BinaryWriter, field: number, fill: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  fill(writer);
  writer.join();
}
