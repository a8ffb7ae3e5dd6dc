import type { ProjectId } from "../../core/ids.ts";
import type { Clock } from "../../ports/clock.ts";

/** What every part of the executor works with. */
export interface ProcessEngine {
  /** Absolute; everything the executor keeps is below it. */
  readonly directory: string;
  readonly clock: Clock;
  /** The platform's own environment; a job sees only the few harmless variables of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where an uploaded content of the project is, by its SHA-256; there may be nothing. Absolute. */
  readonly uploaded: (project: ProjectId, sha256: string) => string;
  /** The project's own storage folder, which may not exist yet. Absolute. */
  readonly storage: (project: ProjectId) => string;
}
