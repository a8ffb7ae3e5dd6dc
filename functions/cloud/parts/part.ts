import type { TokenSource } from "../../../shared/adapters/ydb/token-source.ts";
import type { Alarms, Clock } from "../../../shared/ports/clock.ts";
import type { Log } from "../../../shared/ports/log.ts";
import type { Random } from "../../../shared/ports/random.ts";
import type { Telemetry } from "../../../shared/ports/telemetry.ts";
import type { Environment, Variable } from "../environment.ts";

/** What every part of an instance may stand on. */
export interface World {
  readonly environment: Environment;
  readonly clock: Clock & Alarms;
  readonly random: Random;
  readonly log: Log;
  readonly telemetry: Telemetry;
  /** The tokens of the function's service account. */
  readonly tokens: TokenSource;
  /** Another part of the same instance; each is opened once. */
  readonly get: <T>(part: Part<T>) => Promise<T>;
}

/** Something that an instance of a function has one of, from its first call to its end. */
export interface Part<T> {
  /** What of the environment it cannot do without, the parts that it gets included. */
  readonly variables: readonly Variable[];
  /**
   * Opens it. Nothing connects here: what is frozen the next moment must not wait for an answer.
   * A failure is not kept, so the next call tries again.
   */
  readonly open: (world: World) => T | Promise<T>;
  /** Loads the code that its first use loads, where that is not loaded with the function itself. */
  readonly load?: () => Promise<unknown>;
}

/** Opens something with its first use, and once; a failure is not kept. */
export function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return async () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return await opened;
  };
}
