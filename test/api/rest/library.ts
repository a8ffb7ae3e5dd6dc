import { create, createFileRegistry, setExtension, type DescService } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodOptionsSchema,
  type MethodOptions,
} from "@bufbuild/protobuf/wkt";
import { http } from "../../../shared/gen/google/api/annotations_pb.ts";
import { HttpRuleSchema } from "../../../shared/gen/google/api/http_pb.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";

type Rule = MessageInitShape<typeof HttpRuleSchema>;

const optional = Label.OPTIONAL;
const text = { type: Type.STRING, label: optional };

/** A service with one method for each rule, over messages that use every form a rule can name. */
export function aLibrary(rules: Readonly<Record<string, Rule>>): DescService {
  const file = create(FileDescriptorProtoSchema, {
    name: "library.proto",
    package: "library",
    syntax: "proto3",
    messageType: [
      {
        name: "Book",
        field: [
          { name: "id", number: 1, jsonName: "id", ...text },
          {
            name: "page_count",
            number: 2,
            jsonName: "pageCount",
            type: Type.INT64,
            label: optional,
          },
          { name: "is_lent", number: 3, jsonName: "isLent", type: Type.BOOL, label: optional },
        ],
      },
      {
        name: "Request",
        field: [
          { name: "shelf_id", number: 1, jsonName: "shelfId", ...text },
          {
            name: "book",
            number: 2,
            jsonName: "book",
            type: Type.MESSAGE,
            typeName: ".library.Book",
            label: optional,
          },
          { name: "tags", number: 3, jsonName: "tags", type: Type.STRING, label: Label.REPEATED },
          {
            name: "numbers",
            number: 4,
            jsonName: "numbers",
            type: Type.BOOL,
            label: Label.REPEATED,
          },
        ],
      },
    ],
    service: [
      {
        name: "Library",
        method: Object.entries(rules).map(([name, rule]) => ({
          name,
          inputType: ".library.Request",
          outputType: ".library.Request",
          options: optionsOf(rule),
        })),
      },
    ],
  });
  const service = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService(
    "library.Library",
  );
  if (service === undefined) throw new Error("The library has its service");
  return service;
}

function optionsOf(rule: Rule): MethodOptions {
  const options = create(MethodOptionsSchema);
  setExtension(options, http, create(HttpRuleSchema, rule));
  return options;
}
