import type { ConfigurationSource } from "../config/configuration-source.ts";
import { formatProblem, type LocatedProblem } from "../config/located-problem.ts";
import { readConfiguration } from "../config/orrery-yaml.ts";
import { OrreryError } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import type { Configuration } from "../core/project/configuration.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { readReadingMark, writeReadingMark } from "../records/configuration-record.ts";
import { writeRejection } from "../records/rejection-record.ts";
import { applyConfiguration, type Applied } from "./apply-configuration.ts";
import type { Services } from "./services.ts";

/** What became of a configuration that was looked at. */
export type SourceApplied =
  | { readonly outcome: "applied"; readonly applied: Applied }
  | ({ readonly outcome: "rejected" } & Rejected);

/** What made us look: a trigger's message, which may be late, and come twice. */
export interface SourceChange {
  readonly id: string;
  readonly at: Instant;
}

type ApplyServices = Pick<Services, "store" | "clock" | "random" | "queue" | "log" | "provider">;

/**
 * Makes what a source has now the live configuration. One with problems, or a schedules file that is
 * not there (any more), is reported and set aside where `orrery rejected` shows it, and the live one
 * stays. Repeating is harmless: it is read anew each time, whatever the message was about.
 *
 * C1 Of all who read the source at the same time, one applies what it read, and the others read
 *    again: whoever applies last began to read after the one before had applied. So what is live in
 *    the end is at least as new as the last change that somebody was told of.
 */
export async function applySource(
  services: ApplyServices,
  source: ConfigurationSource,
  change: SourceChange,
): Promise<SourceApplied> {
  for (let tries = 0; tries < limits.applyTries; tries += 1) {
    const mark = await services.store.snapshot(async (reader) => await readReadingMark(reader));
    const id = services.random.id();
    const reading = await readSource(source);
    const outcome = "configuration" in reading ? "applied" : "rejected";
    const claim = async (tx: Transaction): Promise<void> => {
      if ((await readReadingMark(tx))?.id !== mark?.id) throw new Overtaken();
      writeReadingMark(tx, { id, outcome });
    };
    try {
      if ("configuration" in reading) {
        const applied = await applyConfiguration(services, reading.configuration, claim);
        return { outcome: "applied", applied };
      }
      await setAside(services, { ...reading, change }, claim);
      report(services, reading);
      return { outcome: "rejected", ...reading };
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
    }
  }
  throw new OrreryError(
    "STORE_BUSY",
    `The configuration was applied by others ${limits.applyTries} times while it was read: try again`,
  );
}

/** Another reading was applied since this one began. */
class Overtaken extends Error {}

/** The configuration of a source, or why there is none to use. */
export type SourceReading = { readonly configuration: Configuration } | Rejected;

interface Rejected {
  /** None where the schedules file itself could not be read. */
  readonly problems: readonly LocatedProblem[];
  /** One sentence without its full stop. */
  readonly reason: string;
}

/** What a source has now; reports and changes nothing. */
export async function readSource(source: ConfigurationSource): Promise<SourceReading> {
  const { file } = source;
  const files = source.open();
  const reading = await files.read(file);
  switch (reading.state) {
    case "missing":
      return { problems: [], reason: `Cannot read ${files.folder}/${file}: it is not there` };
    case "unreadable":
      return { problems: [], reason: reading.reason };
    case "text": {
      const read = await readConfiguration({ file: reading.file, text: reading.text }, files);
      if (read.ok) return { configuration: read.value };
      const { problems } = read;
      const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
      return { problems, reason: `${reading.file} has ${count}: nothing of it was used` };
    }
  }
}

async function setAside(
  { store, clock }: ApplyServices,
  { problems, reason, change }: Rejected & { readonly change: SourceChange },
  claim: (tx: Transaction) => Promise<void>,
): Promise<void> {
  const rejectedAt = clock.now();
  const [first] = problems;
  const told = first === undefined ? reason : `${formatProblem(first)} (${reason})`;
  await store.transact("reject-configuration", async (tx) => {
    await claim(tx);
    writeRejection(tx, {
      source: "apply",
      id: change.id,
      sentAt: change.at,
      rejectedAt,
      reason: told,
      excerpt: (first?.excerpt ?? "").slice(0, limits.rejectionExcerptChars).toWellFormed(),
    });
  });
}

function report({ log }: ApplyServices, { problems, reason }: Rejected): void {
  for (const problem of problems.slice(0, limits.configProblems)) {
    const { file, line, column } = problem;
    const message = formatProblem(problem);
    log.write({
      level: "warn",
      name: "configuration.problem",
      message,
      fields: { file, line, column },
    });
  }
  log.write({
    level: "error",
    name: "configuration.rejected",
    message: `The live configuration stays as it was: ${reason}`,
    fields: { problems: problems.length },
  });
}
