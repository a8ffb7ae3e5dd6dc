import { OrreryError } from "../../shared/core/errors.ts";
import { communityId, type ProjectId } from "../../shared/core/ids.ts";
import type { ProviderLimits } from "../../shared/core/units/account.ts";
import type { Provider, ProviderProject } from "../../shared/ports/provider.ts";

/** A project as the provider keeps it; what is left out is unset there. */
export interface TheirProject {
  community: string;
  name: string;
  limits: ProviderLimits;
  balance: number | undefined;
}

/** How the provider fails a look. */
export type Fault =
  /** It cannot be reached. */
  | "down"
  /** It has not answered in its time, which `release` ends. */
  | "slow"
  /** It tells what cannot be. */
  | "lying"
  /** It throws what nobody expects. */
  | "mad";

/**
 * A provider that keeps projects in memory and fails on demand. It is strict: a call that is not a
 * look throws, and so does one about a project that nobody made, where that is not what is tested.
 */
export class ScriptedProvider implements Provider {
  readonly #projects = new Map<string, TheirProject>();
  readonly #faults = new Map<string, Fault>();
  readonly #held: (() => void)[] = [];
  /** How often each project was asked for. */
  readonly looks: Record<string, number> = {};

  /** Makes or changes a project. */
  set(project: ProjectId | string, facts: Partial<TheirProject>): void {
    const before = this.#projects.get(project) ?? {
      ...{ community: "lab", name: project, limits: {}, balance: undefined },
    };
    this.#projects.set(project, { ...before, ...facts });
  }

  /** Work that somebody started elsewhere, or ours, has cost so much. */
  charge(project: ProjectId | string, units: number): void {
    const { balance } = this.#their(project);
    if (balance !== undefined) this.set(project, { balance: balance - units });
  }

  balanceOf(project: ProjectId | string): number | undefined {
    return this.#their(project).balance;
  }

  fail(project: ProjectId | string, fault: Fault | undefined): void {
    if (fault === undefined) this.#faults.delete(project);
    else this.#faults.set(project, fault);
  }

  /** Lets every slow look end; it then fails as one that took too long. */
  release(): void {
    for (const end of this.#held.splice(0)) end();
  }

  async project(id: ProjectId): Promise<ProviderProject | undefined> {
    this.looks[id] = (this.looks[id] ?? 0) + 1;
    switch (this.#faults.get(id)) {
      case "down":
        throw new OrreryError("PROVIDER_UNAVAILABLE", "no connection");
      case "slow":
        await new Promise<void>((resolve) => this.#held.push(resolve));
        throw new OrreryError("PROVIDER_UNAVAILABLE", "no answer in time");
      case "lying":
        return { ...this.#facts(id), balance: 0.5 };
      case "mad":
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- whatever it is, it is not to get out
        throw "no error at all";
      case undefined:
        await Promise.resolve();
        return this.#projects.has(id) ? this.#facts(id) : undefined;
    }
  }

  async hasCommunity(id: string): Promise<boolean> {
    const communities = [...this.#projects.values()].map(({ community }) => community);
    return await Promise.resolve(communities.includes(id));
  }

  async call(): Promise<Uint8Array> {
    return await Promise.reject(new Error("this provider answers nothing but looks"));
  }

  #facts(id: ProjectId): ProviderProject {
    const { community, name, limits, balance } = this.#their(id);
    return {
      ...{ id, community: communityId(community), name, defaultInstanceType: "", limits },
      ...(balance === undefined ? {} : { balance }),
    };
  }

  #their(project: string): TheirProject {
    const found = this.#projects.get(project);
    if (found === undefined) throw new Error(`project ${project} is not the provider's`);
    return found;
  }
}
