import { DAY_MS } from "../time/duration.ts";

/** Ceilings of a schedules file. Each with its arithmetic; relations stand in `limits.ts`. */
export const configLimits = {
  /** How often a watched schedules file is looked at; it is applied once it stood still for one look. */
  configPollMs: 500,

  /** One schedules file; YAML of a thousand schedules is about 400 KB. */
  configBytes: 4 * 1024 * 1024,
  schedulesPerConfig: 10_000,
  /** Problems of one file that are shown: five screens, and who mends them applies again. */
  configProblems: 200,
  /** 10,000 schedules of some 50 values each; nine lines of aliases can claim a billion. */
  configValues: 1_000_000,
  /** Our deepest key stands eight levels down; the readers recurse, so a file may not choose. */
  configDepth: 32,
  /** Ten years: no policy waits longer, and an instant plus it is still an instant. */
  policyMaxMs: 3_650 * DAY_MS,
  /** A retry that waits ten times longer each time reaches any cap within a few tries. */
  retryFactorMax: 10,
};
