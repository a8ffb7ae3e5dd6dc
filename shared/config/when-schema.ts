import * as z from "zod";
import { limits } from "../core/limits.ts";
import { parseInstant } from "../core/time/instant.ts";
import { MINUTE_MS } from "../core/time/duration.ts";
import { duration, text, textRead, wholeNumber } from "./field-schemas.ts";
import { timezone } from "./policy-schema.ts";

const dst = z.strictObject({
  gap: z.enum(["skip", "shift"]).exactOptional(),
  overlap: z.enum(["first", "second", "both"]).exactOptional(),
});

/** An offset, or the window in which one is worked out for it. */
const stagger = z.union([
  z.literal("auto", { error: "auto" }),
  duration(0, limits.staggerWindowMaxMs),
  z.strictObject(
    { window: duration(MINUTE_MS, limits.staggerWindowMaxMs) },
    { error: (issue) => (issue.code === "invalid_type" ? "a mapping with a window" : undefined) },
  ),
]);

const elementShape = {
  cron: text('a cron pattern such as "30 2 * * *"').exactOptional(),
  every: duration(limits.everyMinMs, limits.policyMaxMs).exactOptional(),
  offset: duration(0, limits.policyMaxMs).exactOptional(),
  anchor: textRead(parseInstant, "an instant such as 2027-01-01T00:00:00Z").exactOptional(),
  at: text("a time such as 2027-01-15T09:00").exactOptional(),
  timezone: timezone.exactOptional(),
  dst: dst.exactOptional(),
  calendar: text("the name of a calendar").exactOptional(),
  not: text("the name of a calendar").exactOptional(),
  roll: z.enum(["none", "next", "previous"]).exactOptional(),
};

const element = z.strictObject(elementShape);
const elements = z
  .array(z.union([text("a cron pattern"), element]), { error: "a list of such mappings" })
  .min(1, { error: "at least one element" })
  .max(limits.whenElements, { error: `at most ${limits.whenElements} elements` });

const single = z.strictObject(
  {
    ...elementShape,
    from: text("a date such as 2027-01-01").exactOptional(),
    until: text("a date such as 2027-12-31").exactOptional(),
    jitter: duration(0, limits.policyMaxMs).exactOptional(),
    stagger: stagger.exactOptional(),
    times: wholeNumber(1, limits.timesMax).exactOptional(),
  },
  {
    error: (issue) =>
      issue.code === "invalid_type" ? "a mapping with cron, every or at" : undefined,
  },
);

/** `when`: a cron pattern alone, one mapping, or a list of either. */
export const when = z.union([text('a cron pattern such as "30 2 * * *"'), single, elements]);

export type WhenTexts = z.output<typeof when>;
export type ElementTexts = z.output<typeof element>;
