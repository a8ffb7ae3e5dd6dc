import { OrreryError } from "../../shared/core/errors.ts";
import type { BuiltFunction } from "./build-functions.ts";

/** How large a function may be, in KiB. */
export interface Budget {
  /** The bundle's text: what a cold start reads and, without a code cache, parses. */
  readonly bundle: number;
  /** Of that, what runs before the handler is there. */
  readonly eager: number;
}

/**
 * What each function had when this was written, and about a tenth more. A bundle that outgrows its budget
 * fails the build; `docs/bundles.md` says how to find what made it grow.
 */
export const BUDGETS: Readonly<Record<string, Budget>> = {
  // Its start is paid every minute: no schemas, no files, no DataSphere, and the queues' SDK late.
  tick: { bundle: 2_000, eager: 1_000 },
  intake: { bundle: 2_050, eager: 1_050 },
  notify: { bundle: 2_100, eager: 1_050 },
  submit: { bundle: 3_200, eager: 1_350 },
  watch: { bundle: 3_000, eager: 1_150 },
  // Reads YAML, so it has the schemas too.
  apply: { bundle: 3_050, eager: 1_500 },
  // Has every message of the API.
  api: { bundle: 3_750, eager: 1_900 },
  authorizer: { bundle: 20, eager: 20 },
};

/** The cloud takes an archive of up to 3.5 MB directly; a larger one has to go through a bucket. */
export const ARCHIVE_KIB = 3_500;

/** Throws CONFIG_INVALID with every budget that is exceeded, or missing. */
export function checkBudgets(built: readonly BuiltFunction[]): void {
  const problems = built.flatMap(problemsOf);
  if (problems.length === 0) return;
  throw new OrreryError(
    "CONFIG_INVALID",
    `Functions outgrew their budgets in infra/bundle/budgets.ts: ${problems.join("; ")}`,
  );
}

function problemsOf({ name, sizes }: BuiltFunction): readonly string[] {
  const budget = BUDGETS[name];
  if (budget === undefined) return [`${name} has no budget`];
  const measured: readonly (readonly [string, number, number])[] = [
    ["bundle", sizes.bundle, budget.bundle],
    ["eager part", sizes.eager, budget.eager],
    ["archive", sizes.archive, ARCHIVE_KIB],
  ];
  return measured
    .filter(([, bytes, kib]) => bytes > kib * 1_024)
    .map(([what, bytes, kib]) => `the ${what} of ${name} has ${kibOf(bytes)} KiB of ${kib}`);
}

export function kibOf(bytes: number): number {
  return Math.ceil(bytes / 1_024);
}
