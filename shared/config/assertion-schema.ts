import * as z from "zod";
import { limits } from "../core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/time/duration.ts";
import { duration, textLike, textRead, wholeNumber } from "./field-schemas.ts";
import { projectName } from "./policy-schema.ts";

const holds = z.literal(true, { error: "true; leave the key out where it need not hold" });

const timeOfDay = textRead((written) => {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(written) ?? [];
  const ms = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS;
  return Number(minutes) < 60 && ms < DAY_MS ? ms : undefined;
}, 'a time of day such as "07:00"');

const pattern = textLike(/^[a-z0-9*-]+$/, "a schedule's name, or a pattern with *");

/** One entry of `assertions`; that it is about schedules or about a project is checked by its reader. */
const assertion = z.strictObject({
  schedules: pattern.exactOptional(),
  neverOverlaps: holds.exactOptional(),
  alwaysStarts: holds.exactOptional(),
  doneBefore: timeOfDay.exactOptional(),
  maxWait: duration(0, limits.policyMaxMs).exactOptional(),
  project: projectName.exactOptional(),
  peakPerHour: wholeNumber(0).exactOptional(),
  balanceLasts: holds.exactOptional(),
});

/** The section `assertions`: what must hold whenever the file is simulated. */
export const assertions = z
  .array(assertion, { error: "a list of assertions" })
  .max(limits.schedulesPerConfig, { error: `at most ${limits.schedulesPerConfig}` });

export type AssertionTexts = z.output<typeof assertion>;
