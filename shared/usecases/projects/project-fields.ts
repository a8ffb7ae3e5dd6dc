import { OrreryError } from "../../core/errors.ts";
import type { CommunityId, ProjectId } from "../../core/ids.ts";
import type { ProjectFields, ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project } from "../../core/project/project.ts";
import type { Account, StandingLimits } from "../../core/units/account.ts";
import { rateOf } from "../../core/units/rates.ts";
import type { Reader } from "../../ports/store.ts";
import { readConfiguration } from "../../records/configuration-record.ts";
import { nameHolder } from "../../records/project-record.ts";

/** `NAME_TAKEN` where another project of the community has the name; an empty one is free to all. */
export async function requireFreeName(
  reader: Reader,
  community: CommunityId,
  wanted: { readonly name: string; readonly by?: ProjectId },
): Promise<void> {
  if (wanted.name === "") return;
  const holder = await nameHolder(reader, community, wanted.name);
  if (holder === undefined || holder === wanted.by) return;
  throw new OrreryError(
    "NAME_TAKEN",
    `Project ${holder} of community ${community} has the name ${wanted.name}: choose another`,
  );
}

/**
 * A default instance type that is new has to be one that jobs can run on here; empty means none. One
 * that was set before stays, also where the configuration has taken its rate away since.
 */
export async function requireKnownSpec(
  reader: Reader,
  settings: Project["settings"],
  before: Project["settings"] = {},
): Promise<void> {
  const { defaultDedicatedSpec: spec = "" } = settings;
  if (spec === "" || spec === before["defaultDedicatedSpec"]) return;
  const rates = (await readConfiguration(reader))?.rates ?? {};
  if (typeof spec === "string" && rateOf(spec, rates) !== undefined) return;
  const description = `There is no instance type ${JSON.stringify(spec).slice(0, 100)}; c1.4 is one`;
  throw new OrreryError("ARGUMENT_INVALID", description, {
    fields: [{ field: "settings.default_dedicated_spec", description }],
  });
}

/** What a project shows of its account's limits. */
export function shownLimits({ limits }: Account): ProjectLimits {
  const { unitsPerHour, unitsPerExecution } = limits;
  return {
    ...(unitsPerHour === undefined ? {} : { unitsPerHour }),
    ...(unitsPerExecution === undefined ? {} : { unitsPerExecution }),
  };
}

/** The account's limits with those that a caller set; what callers do not see stays. */
export function limitsWith(account: Account, wanted: ProjectLimits): StandingLimits {
  const { unitsPerHour: _hour, unitsPerExecution: _execution, ...others } = account.limits;
  return { ...others, ...wanted };
}

export function fieldsOf(project: Project, account: Account): ProjectFields {
  const { name, description, labels, settings } = project;
  return { name, description, labels, settings, limits: shownLimits(account) };
}
