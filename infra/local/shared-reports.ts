import type { OrreryError } from "../../shared/core/errors.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { SchemaProgress } from "./wiring.ts";

/** What a platform says of a database elsewhere. */

/** A database that had no schema gets one; only its beginning, its waits and its end are told. */
export function reportSchema(log: Log, address: string, progress: SchemaProgress): void {
  const { statement, statements, state } = progress;
  const say = (message: string): void =>
    log.write({ level: "info", name: "schema.made", message, fields: { statement, statements } });
  if (state === "waiting") say(`${statement - 1} of ${statements} are applied; the next one waits`);
  else if (statement === 1)
    say(`${address} has no schema yet: making it, ${statements} statements`);
  else if (statement === statements) say(`${address} has its schema`);
}

/** Runs go on whose executions another machine has: what that means for them. */
export function reportElsewhere(log: Log, place: string, runs: number): void {
  const which = runs === 1 ? "1 run is" : `${runs} runs are`;
  const message =
    `${which} under way that the platform of ${place} started. Their jobs are on that machine and ` +
    "unknown here: each attempt ends as prepare_failed, though its job may go on there";
  log.write({ level: "warn", name: "platform.moved", message, fields: { place, runs } });
}

export function reportUnreached(log: Log, { message, code }: OrreryError): void {
  const text = `The state cannot be reached, and is asked again: ${message}`;
  log.write({ level: "warn", name: "store.unreached", message: text, fields: { code } });
}
