import {
  create,
  createFileRegistry,
  setExtension,
  type DescService,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  file_google_protobuf_descriptor,
  FileDescriptorProtoSchema,
  MethodOptionsSchema,
  type FieldDescriptorProto,
  type FieldOptions,
} from "@bufbuild/protobuf/wkt";
import type { GenExtension } from "@bufbuild/protobuf/codegenv2";
import { assert } from "../../shared/core/assert.ts";
import { access, AccessRuleSchema } from "../../shared/gen/orrery/options/v1/options_pb.ts";

/** Proto files made in a test, for what our own protos never say. */

const { STRING } = FieldDescriptorProto_Type;

interface FieldInit {
  readonly name: string;
  readonly type?: FieldDescriptorProto_Type;
  readonly isList?: true;
  readonly options?: (options: FieldOptions) => void;
}

/** A message `test.Request` with these fields, and a service `test.Service` with one method. */
export function aFile(
  fields: readonly FieldInit[],
  rule?: MessageInitShape<typeof AccessRuleSchema>,
): DescService {
  const options = create(MethodOptionsSchema);
  if (rule !== undefined) setExtension(options, access, create(AccessRuleSchema, rule));
  const file = create(FileDescriptorProtoSchema, {
    name: "test.proto",
    package: "test",
    syntax: "proto3",
    messageType: [
      create(DescriptorProtoSchema, { name: "Request", field: fields.map(fieldOf) }),
      create(DescriptorProtoSchema, { name: "Response" }),
    ],
    service: [
      {
        name: "Service",
        method: [
          { name: "Call", inputType: ".test.Request", outputType: ".test.Response", options },
        ],
      },
    ],
  });
  const service = createFileRegistry(file, () => file_google_protobuf_descriptor).getService(
    "test.Service",
  );
  assert(service !== undefined, "the file has its service");
  return service;
}

/** Sets an option of a field. */
export function option<V>(
  extension: GenExtension<FieldOptions, V>,
  value: NoInfer<V>,
): (options: FieldOptions) => void {
  return (options) => setExtension(options, extension, value as never);
}

function fieldOf(init: FieldInit, index: number): FieldDescriptorProto {
  const options = create(FieldOptionsSchema);
  init.options?.(options);
  return create(FieldDescriptorProtoSchema, {
    name: init.name,
    number: index + 1,
    type: init.type ?? STRING,
    label:
      init.isList === true
        ? FieldDescriptorProto_Label.REPEATED
        : FieldDescriptorProto_Label.OPTIONAL,
    options,
  });
}
