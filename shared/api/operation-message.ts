import type { MessageInitShape } from "@bufbuild/protobuf";
import { EmptySchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AnyJson } from "../core/json.ts";
import type { Operation } from "../core/operation/operation.ts";
import type { OperationSchema } from "../gen/yandex/cloud/operation/operation_pb.ts";
import { anyFromJson, anyJson } from "./any.ts";

/** The response of an operation that has nothing to say but that it is done. */
export const EMPTY_RESPONSE: AnyJson = anyJson(EmptySchema, {});

/** An operation as every face tells it. */
export function operationMessage(operation: Operation): MessageInitShape<typeof OperationSchema> {
  const { id, description, createdAt, createdBy, modifiedAt, metadata, result } = operation;
  return {
    id,
    description,
    createdAt: timestampFromMs(createdAt),
    createdBy,
    modifiedAt: timestampFromMs(modifiedAt),
    done: result !== undefined,
    ...(metadata === undefined ? {} : { metadata: anyFromJson(metadata) }),
    ...(result === undefined ? {} : { result: resultOf(result) }),
  };
}

function resultOf(
  result: NonNullable<Operation["result"]>,
): NonNullable<MessageInitShape<typeof OperationSchema>["result"]> {
  return "error" in result
    ? { case: "error", value: result.error }
    : { case: "response", value: anyFromJson(result.response) };
}
