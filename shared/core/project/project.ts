import type { Json } from "../json.ts";
import type { CommunityId, ProjectId } from "../ids.ts";
import type { Instant } from "../time/instant.ts";

/** A DataSphere project. Its limits and balance are not here: they are its account's. */
export interface Project {
  readonly id: ProjectId;
  readonly community: CommunityId;
  /** May be empty; a name that is not is unique in its community. */
  readonly name: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** `yandex.cloud.datasphere.v2.Project.Settings` in its JSON form, as last set. */
  readonly settings: { readonly [name: string]: Json | undefined };
  readonly diskGb: number;
  readonly restrictions: readonly Restriction[];
  /** Set while the project is being deleted: nobody sees it any more. */
  readonly deletedAt?: Instant;
}

/** A named rule of a project or a community, with a list of values of its kind. */
export interface Restriction {
  readonly name: string;
  readonly bools: readonly boolean[];
  readonly longs: readonly number[];
  readonly strings: readonly string[];
}

/** What holds projects together. v1 calls it a folder. */
export interface Community {
  readonly id: CommunityId;
  readonly name: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly organization: string;
  readonly zone: string;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly restrictions: readonly Restriction[];
  /** Absent until somebody sets it: no limits. */
  readonly budget?: FolderBudget;
}

/** What the projects of a community are meant to spend together; an absent limit means none. */
export interface FolderBudget {
  readonly unitBalance?: number;
  readonly maxUnitsPerHour?: number;
  readonly maxUnitsPerExecution?: number;
}
