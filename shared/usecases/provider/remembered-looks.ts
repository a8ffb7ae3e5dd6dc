import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { ProviderLook } from "../../core/units/mirror.ts";
import type { Provider, ProviderProject } from "../../ports/provider.ts";

/** What a process knows of a project from asking its provider. */
export interface Remembered {
  /** The last look that was answered. */
  readonly look?: ProviderLook;
  readonly project?: ProviderProject;
  /** Why the latest look was not answered, and when; absent where it was. */
  readonly failure?: { readonly at: Instant; readonly text: string };
}

interface Memory {
  readonly known: Map<ProjectId, Remembered>;
  readonly underWay: Map<ProjectId, Promise<Remembered>>;
}

/** Forgetting costs a look; so nothing of this is ever stored. */
const memoryOf = new WeakMap<Provider, Memory>();

function memory(provider: Provider): Memory {
  const found = memoryOf.get(provider) ?? { known: new Map(), underWay: new Map() };
  memoryOf.set(provider, found);
  return found;
}

/** The last look at a project, without another one. */
export function lastLook(provider: Provider, project: ProjectId): Remembered {
  return memory(provider).known.get(project) ?? {};
}

/** Whether a look at a project is not older than `maxAgeMs`, or has just failed. */
export function isRecent(
  { look, failure }: Remembered,
  { now, maxAgeMs }: { readonly now: Instant; readonly maxAgeMs: number },
): boolean {
  if (failure !== undefined) return now < plusMs(failure.at, limits.providerRetryMs);
  return look !== undefined && now < plusMs(look.askedAt, maxAgeMs);
}

/**
 * Looks by `look` and remembers what that came to. Whoever asks for a project that is being looked
 * at shares that look, so answers of one process are taken over in their order.
 */
export async function rememberLook(
  provider: Provider,
  project: ProjectId,
  look: (before: Remembered) => Promise<Remembered>,
): Promise<Remembered> {
  const { known, underWay } = memory(provider);
  const shared = underWay.get(project);
  if (shared !== undefined) return await shared;
  const looking = look(known.get(project) ?? {});
  underWay.set(project, looking);
  try {
    const found = await looking;
    // All are forgotten at once: those that are in use are looked at again within the minute.
    if (known.size >= limits.providerLooksKept && !known.has(project)) known.clear();
    known.set(project, found);
    return found;
  } finally {
    underWay.delete(project);
  }
}

/** Has the next caller look anew: something was changed through us just now. */
export function forgetLook(provider: Provider, project: ProjectId): void {
  memory(provider).known.delete(project);
}
