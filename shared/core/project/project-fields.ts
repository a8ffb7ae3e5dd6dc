import type { Project } from "./project.ts";
import type { UnitLimits } from "./project-settings.ts";

/** The limits that callers see and set; the other ones are the configuration's alone. */
export type ProjectLimits = Pick<UnitLimits, "unitsPerHour" | "unitsPerExecution">;

/** What a caller may say of a project, when it is created and later. */
export interface ProjectFields extends Pick<
  Project,
  "name" | "description" | "labels" | "settings"
> {
  readonly limits: ProjectLimits;
}
