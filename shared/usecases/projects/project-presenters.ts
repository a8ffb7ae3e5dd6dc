import type { ProjectId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { ProjectLimits } from "../../core/project/project-fields.ts";
import type { Project } from "../../core/project/project.ts";

/** How an operation tells of the project that it concerns. */
export interface ProjectPresenters {
  readonly metadata: (project: ProjectId) => AnyJson;
  readonly response: (project: Project, limits: ProjectLimits) => AnyJson;
}
