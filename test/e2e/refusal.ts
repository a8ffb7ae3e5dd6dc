import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { Status } from "@yandex-cloud/nodejs-sdk/google/rpc/status";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import type { CallOptions } from "./sdk-client.ts";

/** How a call failed, as a program of the SDK sees it. */
export interface Refusal {
  /** Of the SDK's `ClientError`; absent where it could not read one, or nothing failed. */
  readonly code?: number;
  readonly text?: string;
  /** The fields that the details name. */
  readonly fields: readonly string[];
  readonly status?: Status;
}

/** Makes a call that fails, and reads all of its status: the SDK keeps code and text alone. */
export async function refusal(call: (options: CallOptions) => Promise<unknown>): Promise<Refusal> {
  let status: Status | undefined;
  const onTrailer: CallOptions["onTrailer"] = (trailer) => {
    const bytes = trailer.get("grpc-status-details-bin");
    if (bytes instanceof Uint8Array) status = Status.decode(bytes);
  };
  try {
    await call({ onTrailer });
    return { fields: [] };
  } catch (error) {
    const { code, details: text } = error as { readonly code?: number; readonly details?: string };
    const bad = detailOf(status, BadRequestSchema);
    return {
      fields: bad?.fieldViolations.map(({ field }) => field) ?? [],
      ...(code === undefined ? {} : { code }),
      ...(text === undefined ? {} : { text }),
      ...(status === undefined ? {} : { status }),
    };
  }
}

/** The code alone; 0 where nothing failed. */
export async function codeOf(call: Promise<unknown>): Promise<number | undefined> {
  return await call.then(
    () => 0,
    (error: unknown) => (error as { readonly code?: number }).code,
  );
}

/** The detail of this type in a status; the SDK generates none of them. */
export function detailOf<M extends DescMessage>(
  status: Status | undefined,
  schema: M,
): MessageShape<M> | undefined {
  const found = status?.details.find(({ typeUrl }) => typeUrl.endsWith(`/${schema.typeName}`));
  return found && fromBinary(schema, found.value);
}
