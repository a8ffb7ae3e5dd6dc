import { wrongFields } from "../../core/errors.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { assert } from "../../core/assert.ts";
import type { AccessBinding, AccessResource } from "../../core/access/access.ts";
import {
  bindingCursorText,
  parseBindingCursor,
  type BindingCursor,
} from "../../core/access/binding-cursor.ts";
import type { BindingDelta } from "../../core/access/change-bindings.ts";
import type { AnyJson } from "../../core/json.ts";
import {
  AccessBindingAction,
  type AccessBinding as BindingMessage,
  type AccessBindingDelta,
  type ListAccessBindingsRequest,
  type ListAccessBindingsResponseSchema,
  type SetAccessBindingsRequest,
  type UpdateAccessBindingsRequest,
} from "../../gen/yandex/cloud/access/access_pb.ts";
import {
  SetCommunityAccessBindingsMetadataSchema,
  UpdateCommunityAccessBindingsMetadataSchema,
} from "../../gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import {
  SetProjectAccessBindingsMetadataSchema,
  UpdateProjectAccessBindingsMetadataSchema,
} from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { OperationSchema } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import { listBindings } from "../../usecases/bindings/list-bindings.ts";
import { setBindings } from "../../usecases/bindings/set-bindings.ts";
import { updateBindings } from "../../usecases/bindings/update-bindings.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { EMPTY_RESPONSE, operationMessage } from "../operation-message.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../page-token.ts";

type OperationInit = MessageInitShape<typeof OperationSchema>;

/** The three methods that a service has for the access bindings of what it serves. */
export interface AccessMethods {
  readonly listAccessBindings: (
    request: ListAccessBindingsRequest,
  ) => Promise<MessageInitShape<typeof ListAccessBindingsResponseSchema>>;
  readonly setAccessBindings: (
    request: SetAccessBindingsRequest,
    call: Call,
  ) => Promise<OperationInit>;
  readonly updateAccessBindings: (
    request: UpdateAccessBindingsRequest,
    call: Call,
  ) => Promise<OperationInit>;
}

type Kind = AccessResource["kind"];
type Metadata = (id: string) => AnyJson;

const SET_METADATA: Readonly<Record<Kind, Metadata>> = {
  project: (id) => anyJson(SetProjectAccessBindingsMetadataSchema, { projectId: id }),
  community: (id) => anyJson(SetCommunityAccessBindingsMetadataSchema, { communityId: id }),
};
const UPDATE_METADATA: Readonly<Record<Kind, Metadata>> = {
  project: (id) => anyJson(UpdateProjectAccessBindingsMetadataSchema, { projectId: id }),
  community: (id) => anyJson(UpdateCommunityAccessBindingsMetadataSchema, { communityId: id }),
};

const LISTING = "bindings";

export function accessMethods(services: ApiServices, kind: Kind): AccessMethods {
  return {
    listAccessBindings: async ({ resourceId, pageSize: size, pageToken }) => {
      const { items, next } = await listBindings(
        services,
        { kind, id: resourceId },
        { size: pageSize(size), after: cursorOf(pageToken, kind) },
      );
      return {
        accessBindings: [...items],
        nextPageToken: encodePageToken(LISTING, next && [bindingCursorText(next, kind)]),
      };
    },
    setAccessBindings: async ({ resourceId, accessBindings }, call) => {
      const operation = await setBindings(services, {
        ...call,
        resource: { kind, id: resourceId },
        bindings: accessBindings.map((binding) => bindingOf(binding)),
        metadata: SET_METADATA[kind],
        response: EMPTY_RESPONSE,
      });
      return operationMessage(operation);
    },
    updateAccessBindings: async ({ resourceId, accessBindingDeltas }, call) => {
      const operation = await updateBindings(services, {
        ...call,
        resource: { kind, id: resourceId },
        deltas: accessBindingDeltas.map(deltaOf),
        metadata: UPDATE_METADATA[kind],
        response: EMPTY_RESPONSE,
      });
      return operationMessage(operation);
    },
  };
}

function cursorOf(token: string, kind: Kind): BindingCursor | undefined {
  const place = decodePageToken(LISTING, token);
  if (place === undefined) return undefined;
  const cursor = parseBindingCursor(String(place[0]), kind);
  if (cursor === undefined) throw wrongPageToken();
  return cursor;
}

/** A change of one binding, as a use case takes it. */
export function deltaOf(
  { action, accessBinding }: AccessBindingDelta,
  index: number,
): BindingDelta {
  const binding = bindingOf(accessBinding);
  switch (action) {
    case AccessBindingAction.ADD:
      return { action: "add", binding };
    case AccessBindingAction.REMOVE:
      return { action: "remove", binding };
    default: {
      const field = `access_binding_deltas[${index}].action`;
      const description = "must be ADD or REMOVE";
      throw wrongFields([{ field, description }]);
    }
  }
}

/** The protos require both parts, so validation has seen to them. */
export function bindingOf(message: BindingMessage | undefined): AccessBinding {
  const subject = message?.subject;
  assert(subject !== undefined, "a validated binding has a subject");
  const { id, type } = subject;
  return { roleId: message?.roleId ?? "", subject: { id, type } };
}
