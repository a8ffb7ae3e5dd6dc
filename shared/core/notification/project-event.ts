import type { ProjectId, ScheduleName } from "../ids.ts";
import type { Instant } from "../time/instant.ts";
import type { ProjectNotificationType } from "./notification-type.ts";

/** What happened to a project's units, or to one of its schedules: no run alone is the matter. */
export interface ProjectEvent {
  readonly type: ProjectNotificationType;
  readonly project: ProjectId;
  /** The schedule it is about; a subscription's `schedules` chooses by it. Absent: all hear of it. */
  readonly schedule?: ScheduleName;
  readonly at: Instant;
  /** Tells it from others of its type and project; the same happening always has the same. */
  readonly key: string;
  /** What a receiver needs to act, in JSON; never a variable's value. */
  readonly data: Readonly<Record<string, unknown>>;
}
