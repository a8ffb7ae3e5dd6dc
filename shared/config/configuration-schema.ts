import * as z from "zod";
import { NAME_PATTERN } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { DEPENDENCY_CONDITIONS } from "../core/schedule/schedule-definition.ts";
import { budget } from "./budget-schema.ts";
import { calendars } from "./calendar-schema.ts";
import { estimate } from "./estimate-schema.ts";
import { assertions } from "./assertion-schema.ts";
import { text, textLike, wholeNumber } from "./field-schemas.ts";
import { variableName } from "./job-schema.ts";
import { notification } from "./notification-schema.ts";
import { policies, policyShape, projectName } from "./policy-schema.ts";
import { when } from "./when-schema.ts";
import type { RefusedKeys } from "./zod-problems.ts";

const name = textLike(NAME_PATTERN, "1 to 63 lower-case letters, digits and inner dashes");

const INPUT_TEXT = `a text of at most ${limits.inputValueChars} characters`;
const inputText = z
  .string({ error: INPUT_TEXT })
  .max(limits.inputValueChars, { error: INPUT_TEXT });

const project = z.strictObject({
  limits: z
    .strictObject({
      unitsPerHour: wholeNumber(0).exactOptional(),
      unitsPerExecution: wholeNumber(0).exactOptional(),
      balance: wholeNumber(0).exactOptional(),
      concurrentRuns: wholeNumber(1).exactOptional(),
    })
    .exactOptional(),
  budget: budget.exactOptional(),
});

const schedule = z.strictObject({
  ...policyShape,
  when: when.exactOptional(),
  // Required, but by its reader: a schedule without it still has its other keys checked.
  job: z
    .union([text("the path of a job's config.yaml"), z.record(z.string(), z.unknown())])
    .exactOptional(),
  inputs: z
    .record(variableName, z.union([inputText, z.number({ error: "a number" }), z.boolean()]))
    .refine((inputs) => Object.keys(inputs).length <= limits.jobListEntries, {
      error: `at most ${limits.jobListEntries} inputs`,
    })
    .exactOptional(),
  after: z.record(name, z.enum(DEPENDENCY_CONDITIONS)).exactOptional(),
  estimate: estimate.exactOptional(),
});

/** The shape of a schedules file. What one part says of another is checked by the readers. */
export const configurationSchema = z.strictObject({
  version: z.literal(1, { error: "1, the only version there is" }),
  defaults: policies.exactOptional(),
  projects: z.record(projectName, project).exactOptional(),
  calendars: calendars.exactOptional(),
  rates: z.record(text("an instance type"), wholeNumber(1, limits.unitRateMax)).exactOptional(),
  schedules: z.record(name, schedule),
  notifications: z.record(name, notification).exactOptional(),
  assertions: assertions.exactOptional(),
});

export type ConfigurationTexts = z.output<typeof configurationSchema>;
export type ScheduleTexts = z.output<typeof schedule>;

const insideWhen = "the key inside `when`";
const insideOneWhen = "the key inside a `when` that is one mapping";

/** Keys people may expect, refused with a reason rather than accepted and ignored. */
export const REFUSED_KEYS: RefusedKeys = {
  budget: "the key inside a project of `projects`",
  calendars: "the section of that name beside `schedules`",
  email: "`webhook` or `log`: this version sends no mail",
  estimate: "the key inside a schedule",
  notebook: "a `job`: this version runs no notebooks",
  telegram: "`webhook` or `log`: this version sends no Telegram messages",
  anchor: insideWhen,
  at: insideWhen,
  calendar: insideWhen,
  cron: insideWhen,
  dst: insideWhen,
  every: insideWhen,
  not: insideWhen,
  offset: insideWhen,
  roll: insideWhen,
  from: insideOneWhen,
  jitter: insideOneWhen,
  stagger: insideOneWhen,
  times: insideOneWhen,
  until: insideOneWhen,
};
