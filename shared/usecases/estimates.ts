import type { ProjectId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { dearestOf } from "../core/run/attempt-request.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { limitsInForce, type Account } from "../core/units/account.ts";
import { unlearntEstimate, type Estimate, type EstimateTerms } from "../core/units/estimate.ts";
import type { Reader } from "../ports/store.ts";
import { readAccount } from "../records/account-record.ts";
import { learntIn, readOutlooks, type Outlook } from "../records/outlook-record.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";

/** What an estimate goes by besides what the schedule says. */
export interface EstimateStanding {
  readonly account: Pick<Account, "limits" | "provider">;
  readonly outlook: Pick<Outlook, "estimates">;
}

/**
 * What a run of each schedule is expected to spend and to take: as its project's outlook has learnt it,
 * at the rates of today, else by its author's word or by its bound. Reads
 * the account and the outlook of each project once. A schedule is missing where one of its instance
 * types has no rate: none of its runs can start.
 */
export async function estimatesFor(
  reader: Reader,
  records: readonly DefinitionRecord[],
): Promise<ReadonlyMap<ScheduleName, Estimate>> {
  const projects = records.map(({ definition }) => definition.project);
  const standings = await estimateStandings(reader, projects);
  return new Map(
    records.flatMap((record) => {
      const { name, project } = record.definition;
      const standing = standings.get(project);
      const estimate = standing && estimateIn(standing, record);
      return estimate === undefined ? [] : [[name, estimate] as const];
    }),
  );
}

/** What estimates of schedules go by, project by project: each has its account and its outlook read once. */
export async function estimateStandings(
  reader: Reader,
  projects: readonly ProjectId[],
): Promise<ReadonlyMap<ProjectId, EstimateStanding>> {
  const each = [...new Set(projects)];
  const [outlooks, accounts] = await Promise.all([
    readOutlooks(reader, each),
    Promise.all(each.map(async (project) => await readAccount(reader, project))),
  ]);
  return new Map(
    accounts.flatMap((account, index) => {
      const outlook = outlooks[index];
      return outlook === undefined ? [] : [[account.project, { account, outlook }] as const];
    }),
  );
}

/** The same for one schedule and whoever has read its project's account and outlook. */
export function estimateIn(
  { account, outlook }: EstimateStanding,
  { definition, rates = {} }: Pick<DefinitionRecord, "definition" | "rates">,
): Estimate | undefined {
  const terms = estimateTerms(definition, rates, account);
  if (terms === undefined) return undefined;
  const learnt = learntIn(outlook, definition.name);
  if (learnt === undefined) return unlearntEstimate(terms);
  // At another rate than it was learnt at the same time costs as much more or less.
  const { units, durationMs, source, runs, rate } = learnt;
  const { rate: present } = terms;
  return { units: Math.ceil((units * present) / rate), durationMs, source, runs };
}

/** Undefined where one of the schedule's instance types has no rate. */
function estimateTerms(
  definition: ScheduleDefinition,
  rates: Readonly<Record<string, number>>,
  account: Pick<Account, "limits" | "provider">,
): EstimateTerms | undefined {
  const dearest = dearestOf(definition.work, rates);
  if (dearest === undefined) return undefined;
  const { unitsPerExecution } = limitsInForce(account);
  return {
    rate: dearest.rate,
    timeoutMs: definition.timeoutMs,
    graceMs: definition.work.gracefulShutdown?.timeoutMs ?? limits.killGraceMs,
    unitsPerExecution,
    configured: definition.estimate,
  };
}
