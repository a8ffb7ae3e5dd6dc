import type { WatchedFolder } from "../infra/local/configuration-file.ts";
import type { Platform } from "../infra/local/platform.ts";
import { Rounds } from "../infra/local/rounds.ts";
import type { WatchedBucket } from "../infra/local/watched-bucket.ts";
import type { ConfigurationSource } from "../shared/config/configuration-source.ts";
import { messageOf, OrreryError } from "../shared/core/errors.ts";
import { limits } from "../shared/core/limits.ts";
import { readSource, type SourceApplied } from "../shared/usecases/apply-source.ts";
import { printProblems } from "./configuration.ts";
import type { Terminal } from "./terminal.ts";
import { watchFile } from "./watch-file.ts";

/**
 * Makes sure of a configuration before a platform is opened, so that a wrong one leaves everything as
 * it was. Its problems are printed, and then it is CONFIG_INVALID; CONFIG_UNREADABLE without a file.
 */
export async function checkSource(terminal: Terminal, source: ConfigurationSource): Promise<void> {
  const reading = await readSource(source);
  if ("configuration" in reading) return;
  const { problems, reason } = reading;
  printProblems(terminal, problems);
  throw new OrreryError(problems.length > 0 ? "CONFIG_INVALID" : "CONFIG_UNREADABLE", reason);
}

/** Says what is wrong with a configuration that was not applied. */
export function tellRejected(terminal: Terminal, applied: SourceApplied | undefined): void {
  if (applied?.outcome !== "rejected") return;
  printProblems(terminal, applied.problems);
  terminal.err(`The live configuration stays as it was: ${applied.reason}`);
}

/**
 * Tells the platform whenever the schedules file or a job's file it names changes; problems are printed
 * and the live configuration stays. The returned function ends it.
 */
export function watchFolder(
  terminal: Terminal,
  platform: Platform,
  folder: WatchedFolder,
): () => Promise<void> {
  const stop = watchFile({
    clock: platform.services.clock,
    fingerprint: () => folder.fingerprints().now,
    applied: folder.fingerprints().read,
    changed: async () => {
      try {
        tellRejected(terminal, await platform.configurationChanged([folder.change()]));
      } catch (error) {
        terminal.err(`The live configuration stays as it was: ${messageOf(error)}`);
      }
      return folder.fingerprints().read;
    },
  });
  return async () => {
    stop();
    await Promise.resolve();
  };
}

/** The same for a bucket, which is looked at every `limits.bucketPollMs`. */
export function watchBucket(
  terminal: Terminal,
  platform: Platform,
  bucket: WatchedBucket,
): () => Promise<void> {
  const { clock, log } = platform.services;
  const rounds = new Rounds(clock, log);
  rounds.every(limits.bucketPollMs, async () => {
    const { changes, seen } = await bucket.changes();
    if (changes.length > 0) tellRejected(terminal, await platform.configurationChanged(changes));
    // What was not told is found again.
    seen();
  });
  return async () => await rounds.stop();
}
