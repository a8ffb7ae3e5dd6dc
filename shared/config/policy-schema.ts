import * as z from "zod";
import { limits } from "../core/limits.ts";
import { FAILURE_CLASSES } from "../core/run/retry-policy.ts";
import { CATCHUPS, ON_LIMITS, OVERLAPS, PRIORITIES } from "../core/schedule/schedule-definition.ts";
import { projectId } from "../core/ids.ts";
import { isZone } from "../core/time/zone.ts";
import { atLowBalance } from "./budget-schema.ts";
import { duration, textLike, textRead, wholeNumber } from "./field-schemas.ts";

const anyWait = duration(0, limits.policyMaxMs);
const growth = `a number from 1 to ${limits.retryFactorMax}`;

const retry = z.strictObject({
  attempts: wholeNumber(1, limits.attemptsMax).exactOptional(),
  initial: anyWait.exactOptional(),
  factor: z
    .number({ error: growth })
    .min(1, { error: growth })
    .max(limits.retryFactorMax, { error: growth })
    .exactOptional(),
  max: anyWait.exactOptional(),
  jitter: z.enum(["none", "full"]).exactOptional(),
  on: z
    .array(z.enum(FAILURE_CLASSES))
    .min(1, { error: "at least one kind of failure; attempts: 1 turns retries off" })
    .exactOptional(),
});

const catchup = z.strictObject({
  policy: z.enum(CATCHUPS).exactOptional(),
  window: anyWait.exactOptional(),
});

export const projectName = textLike(
  /^[a-z0-9][a-z0-9-]{0,62}$/,
  "a project: 1 to 63 lower-case letters, digits and dashes",
);

export const timezone = textRead(
  (name) => (isZone(name) ? name : undefined),
  "an IANA time zone such as Europe/Moscow or UTC",
);

/** What `defaults` may say for all schedules, and a schedule for itself. */
export const policyShape = {
  project: projectName.transform(projectId).exactOptional(),
  timezone: timezone.exactOptional(),
  retry: retry.exactOptional(),
  timeout: duration(1, limits.timeoutMaxMs).exactOptional(),
  overlap: z.enum(OVERLAPS).exactOptional(),
  concurrentRuns: wholeNumber(1).exactOptional(),
  catchup: catchup.exactOptional(),
  startDeadline: anyWait.exactOptional(),
  onLimit: z.enum(ON_LIMITS).exactOptional(),
  atLowBalance: atLowBalance.exactOptional(),
  priority: z.enum(PRIORITIES).exactOptional(),
  pauseAfterFailures: wholeNumber(1, limits.pauseAfterFailuresMax).exactOptional(),
};

/** The section `defaults`. */
export const policies = z.strictObject(policyShape);
export type PolicyTexts = z.output<typeof policies>;
