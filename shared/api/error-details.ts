import { create, toBinary, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import type { OrreryError, WrongField } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { AdmissionDenied } from "../core/run/admission-denied.ts";
import { SECOND_MS } from "../core/time/duration.ts";
import {
  BadRequestSchema,
  BadRequest_FieldViolationSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../gen/google/rpc/error_details_pb.ts";

/** The details of `google.rpc.Status`, each as `Any`. */

export function requestInfo(requestId: string): Any {
  return pack(RequestInfoSchema, { requestId });
}

/** When a client may try again. */
export function retryInfo(delayMs: number): Any {
  const seconds = Math.floor(delayMs / SECOND_MS);
  const nanos = (delayMs % SECOND_MS) * 1_000_000;
  return pack(RetryInfoSchema, { retryDelay: { seconds: BigInt(seconds), nanos } });
}

/** As many wrong fields as fit; the last entry says how many were left out. */
export function badRequest(fields: readonly WrongField[]): Any {
  const told: WrongField[] = [];
  let bytes = 0;
  for (const { field, description } of fields) {
    const wrong = { field: cutText(field), description: cutText(description) };
    bytes += toBinary(
      BadRequest_FieldViolationSchema,
      create(BadRequest_FieldViolationSchema, wrong),
    ).length;
    if (bytes > limits.apiErrorBytes / 2) break;
    told.push(wrong);
  }
  const left = fields.length - told.length;
  const rest = left === 0 ? [] : [{ field: "", description: `${left} more are wrong` }];
  return pack(BadRequestSchema, { fieldViolations: [...told, ...rest] });
}

/** Each limit that stands against the work, with its numbers. */
export function quotaFailure(denied: AdmissionDenied, project: string | undefined): Any {
  const subject = `project:${project ?? ""}`;
  const failed = denied.checks.filter((check) => !check.holds);
  const violations = failed.map(({ rule, sentence }) => ({
    subject: `${subject}/${rule}`,
    description: sentence,
  }));
  const { code, text } = denied.reason;
  const other = { subject: `${subject}/${code}`, description: cutText(text) };
  return pack(QuotaFailureSchema, { violations: violations.length === 0 ? [other] : violations });
}

/** Our own code of a state that stands against the call, for programs. */
export function preconditionFailure({ code, message }: OrreryError): Any {
  return pack(PreconditionFailureSchema, {
    violations: [{ type: code, subject: "", description: cutText(message) }],
  });
}

/** A text as far as an error has room for it. */
export function cutText(text: string): string {
  const { apiTextChars } = limits;
  return text.length <= apiTextChars ? text : `${text.slice(0, apiTextChars).toWellFormed()}…`;
}

function pack<S extends DescMessage>(schema: S, init: MessageInitShape<S>): Any {
  return anyPack(schema, create(schema, init));
}
