import { OrreryError } from "../../core/errors.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { ExecutionClaims } from "../../ports/execution-claims.ts";
import type { Files } from "../../ports/files.ts";
import type { JobFiles } from "../../ports/job-files.ts";
import type { DataSphereSession } from "./session.ts";

/** What the parts of the executor stand on. */
export interface DataSphereEngine {
  readonly session: DataSphereSession;
  readonly claims: ExecutionClaims;
  /** What jobs name in the folders of their configurations. */
  readonly jobFiles: JobFiles;
  /** What clients uploaded for their jobs. */
  readonly files: Pick<Files, "readContent">;
  readonly clock: Clock & Alarms;
}

/** Something that stands against the work for good: it ends the attempt, and nothing of it ran. */
export function refuse(message: string, cause?: unknown): never {
  throw new OrreryError("EXECUTION_PREPARE_FAILED", message, { cause });
}

/** Waits by the engine's clock. */
export async function rest({ clock }: Pick<DataSphereEngine, "clock">, ms: number): Promise<void> {
  await new Promise<void>((resolve) => clock.set(plusMs(clock.now(), ms), resolve));
}
