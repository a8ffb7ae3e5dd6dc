import { foresee } from "./foresee.ts";
import { learnEstimates } from "./learn-estimates.ts";
import type { OutlookStep } from "./outlook-step.ts";

/** What an outlook comes to once the ledger is added up, in this order: each stands on those before it. */
export const outlookSteps: readonly OutlookStep[] = [learnEstimates, foresee];
