import { wrongFields } from "../../core/errors.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AccessResource } from "../../core/access/access.ts";
import type { Restriction } from "../../core/project/project.ts";
import { RESTRICTIONS, type RestrictionType } from "../../core/project/restrictions.ts";
import {
  RestrictionMeta_RestrictionValueType as ValueType,
  RestrictionsResponseSchema,
  type GetRestrictionsMetaResponseSchema,
  type Restriction as RestrictionMessage,
} from "../../gen/yandex/cloud/datasphere/v2/restrictions_pb.ts";
import type { OperationSchema } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import { getRestrictions } from "../../usecases/restrictions/get-restrictions.ts";
import { setRestrictions } from "../../usecases/restrictions/set-restrictions.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { operationMessage } from "../operation-message.ts";

/** The restrictions of projects and communities: the same methods on both services. */

const VALUE_TYPES = {
  boolean: ValueType.BOOLEAN,
  long: ValueType.LONG,
  string: ValueType.STRING,
} as const satisfies Record<RestrictionType, ValueType>;

export function restrictionsMeta(): MessageInitShape<typeof GetRestrictionsMetaResponseSchema> {
  return {
    restrictionsMeta: Object.entries(RESTRICTIONS).map(([name, type]) => ({
      name,
      valueType: VALUE_TYPES[type],
    })),
  };
}

type Restrictions = MessageInitShape<typeof RestrictionsResponseSchema>;

export async function restrictionsOf(
  services: ApiServices,
  holder: AccessResource,
): Promise<Restrictions> {
  return restrictionsMessage(await getRestrictions(services, holder));
}

export async function replaceRestrictions(
  services: ApiServices,
  call: Call,
  holder: AccessResource,
  wanted: readonly RestrictionMessage[],
): Promise<MessageInitShape<typeof OperationSchema>> {
  const operation = await setRestrictions(services, {
    ...call,
    holder,
    restrictions: wanted.map(restrictionOf),
    response: (restrictions) =>
      anyJson(RestrictionsResponseSchema, restrictionsMessage(restrictions)),
  });
  return operationMessage(operation);
}

function restrictionsMessage(restrictions: readonly Restriction[]): Restrictions {
  return {
    restrictions: restrictions.map(({ name, bools, longs, strings }) => ({
      name,
      boolValue: [...bools],
      longValue: longs.map(BigInt),
      stringValue: [...strings],
    })),
  };
}

function restrictionOf(message: RestrictionMessage, index: number): Restriction {
  const { name, boolValue, longValue, stringValue } = message;
  return {
    name,
    bools: boolValue,
    longs: longValue.map((value, at) =>
      safeInteger(value, `restrictions[${index}].long_value[${at}]`),
    ),
    strings: stringValue,
  };
}

function safeInteger(value: bigint, field: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  const description = `must be within ±${Number.MAX_SAFE_INTEGER}, got ${value}`;
  throw wrongFields([{ field, description }]);
}
