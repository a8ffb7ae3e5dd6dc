import * as z from "zod";
import { limits } from "../core/limits.ts";
import { NOTIFICATION_TYPES } from "../core/notification/notification-type.ts";
import { textLike, textRead } from "./field-schemas.ts";

/** A literal secret is refused here, and whoever reports it must not repeat it. */
const secret = textRead(
  (written) => /^\$\{(env:[A-Za-z_][A-Za-z0-9_]*)\}$/.exec(written)?.[1],
  'a reference such as "${env:OPS_SECRET}", never the secret itself',
);

const url = textRead((written) => {
  const parsed = URL.canParse(written) ? new URL(written) : undefined;
  const plain = parsed?.username === "" && parsed.password === "" && parsed.hash === "";
  return plain && /^https?:$/.test(parsed.protocol) ? written : undefined;
}, "an http or https URL without user name, password or #");

const everyType = z.literal("*", { error: '"*" for all' });
const types = z
  .array(z.enum(NOTIFICATION_TYPES), { error: `a list of ${NOTIFICATION_TYPES.join(", ")}` })
  .min(1, { error: "at least one type" });

/** One entry of `notifications`; that it names exactly one target is checked by its reader. */
export const notification = z.strictObject({
  on: z.union([everyType.transform(() => [...NOTIFICATION_TYPES]), types]),
  schedules: z
    .array(textLike(/^[a-z0-9*-]+$/, "a schedule's name, or a pattern with *"))
    .min(1, { error: 'at least one pattern; "*" for all' })
    .max(limits.schedulesPerConfig)
    .exactOptional(),
  webhook: z.strictObject({ url, secret: secret.exactOptional() }).exactOptional(),
  log: z
    .union([z.literal(true, { error: "true" }), z.strictObject({})], { error: "true" })
    .exactOptional(),
});

export type NotificationTexts = z.output<typeof notification>;
