import { CommunityServiceService } from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import type { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  type GetUnitBalanceResponse,
  ProjectServiceService,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { OrreryError } from "../../core/errors.ts";
import { communityId, NAME_PATTERN, projectId, type ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { ProviderLimits } from "../../core/units/account.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Provider, ProviderProject } from "../../ports/provider.ts";
import type { DataSphereSession } from "../datasphere/session.ts";
import { isUnknownThere, rawMethod, told } from "./provider-error.ts";

export interface ProviderOptions {
  readonly session: DataSphereSession;
  readonly clock: Clock & Alarms;
}

/** DataSphere as the owner of projects, limits and balances. Nothing is called yet. */
export function openProvider({ session, clock }: ProviderOptions): Provider {
  const call: DataSphereSession["call"] = async (method, request, options = {}) => {
    try {
      return await session.call(method, request, options);
    } catch (error) {
      throw told(error, options.effect ?? "none");
    }
  };
  const look = { limitMs: limits.providerLookMs };
  return {
    project: async (id) =>
      await inTime(clock, `Project ${id}`, async () => {
        // Both at once: what changes between them is seen by the next look.
        const [project, units] = await Promise.all([
          orUndefined(call(ProjectServiceService.get, { projectId: id }, look)),
          orUndefined(call(ProjectServiceService.getUnitBalance, { projectId: id }, look)),
        ]);
        return project && units && factsOf(id, project, units);
      }),
    hasCommunity: async (id) =>
      await inTime(clock, `Community ${id}`, async () => {
        const wanted = call(CommunityServiceService.get, { communityId: id }, look);
        return (await orUndefined(wanted)) !== undefined;
      }),
    call: async ({ path, request, effect, key }) =>
      await call(rawMethod(path), Buffer.from(request), {
        effect,
        ...(key === undefined ? {} : { key }),
      }),
  };
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isUnknownThere(error)) return undefined;
    throw error;
  }
}

/** A look that tries more than once still ends in time; what it left behind ends by itself. */
async function inTime<T>(clock: Clock & Alarms, what: string, look: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  const cancel = clock.set(plusMs(clock.now(), limits.providerLookMs), () => {
    const text = `${what}: DataSphere has not answered within ${limits.providerLookMs} ms`;
    late.reject(new OrreryError("PROVIDER_UNAVAILABLE", text));
  });
  const looking = look();
  looking.catch(() => undefined);
  return await Promise.race([looking, late.promise]).finally(cancel);
}

/** What an answer says, if it can be what it says it is. */
function factsOf(
  id: ProjectId,
  project: Project,
  { unitBalance }: GetUnitBalanceResponse,
): ProviderProject {
  if (project.id !== id || !NAME_PATTERN.test(project.communityId)) {
    throw new OrreryError(
      "PROVIDER_UNAVAILABLE",
      `DataSphere was asked for project ${id} and told of another one, or of none of a community`,
    );
  }
  const { maxUnitsPerHour, maxUnitsPerExecution } = project.limits ?? {};
  return {
    id: projectId(project.id),
    community: communityId(project.communityId),
    name: project.name,
    defaultInstanceType: project.settings?.defaultDedicatedSpec ?? "",
    limits: {
      ...limit("unitsPerHour", maxUnitsPerHour),
      ...limit("unitsPerExecution", maxUnitsPerExecution),
    },
    ...(unitBalance === undefined ? {} : { balance: unitBalance }),
  };
}

/** Less than nothing is nothing. */
function limit(name: keyof ProviderLimits, units: number | undefined): ProviderLimits {
  return units === undefined ? {} : { [name]: Math.max(0, units) };
}
