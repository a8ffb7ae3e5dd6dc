import { limits } from "../core/limits.ts";

const REQUEST_ID = new RegExp(`^[\\w.:/-]{1,${limits.clientRequestIdChars}}$`);

/** The id that a client gave its call with `x-client-request-id`, where it may stand in a log. */
export function clientRequestId(header: string | undefined): string | undefined {
  return header !== undefined && REQUEST_ID.test(header) ? header : undefined;
}
