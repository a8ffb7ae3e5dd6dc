import * as z from "zod";
import { limits } from "../core/limits.ts";
import { HOUR_MS, SECOND_MS } from "../core/time/duration.ts";
import { duration, textRead, wholeNumber } from "./field-schemas.ts";

/** `50%`, read as 50. */
const percent = textRead((written) => {
  const number = /^([1-9][0-9]?|100)%$/.exec(written)?.[1];
  return number === undefined ? undefined : Number(number);
}, "a percent from 1% to 100%");

/** What a project's section says of its balance besides how much it is. */
export const budget = z.strictObject({
  warnAt: z
    .array(percent, { error: "a list of percents such as [50%, 80%]" })
    .min(1, { error: "at least one percent, such as 80%" })
    .max(limits.budgetPercents, { error: `at most ${limits.budgetPercents} percents` })
    .exactOptional(),
  warnAhead: duration(HOUR_MS, limits.policyMaxMs).exactOptional(),
  lowAt: z
    .union([
      percent.transform((found) => ({ percent: found })),
      wholeNumber(1).transform((units) => ({ units })),
    ])
    .exactOptional(),
});

export type BudgetTexts = z.output<typeof budget>;

const word = z.enum(["run", "wait", "skip"], { error: "run, wait, skip" });
const spaced = z.strictObject(
  { atMostEvery: duration(SECOND_MS, limits.policyMaxMs) },
  {
    error: (issue) =>
      issue.code === "invalid_type" ? "a mapping such as { atMostEvery: 6h }" : undefined,
  },
);

/** What a schedule does while its project is low. */
export const atLowBalance = z.union([
  word,
  spaced.transform(({ atMostEvery }) => ({ atMostEveryMs: atMostEvery })),
]);
