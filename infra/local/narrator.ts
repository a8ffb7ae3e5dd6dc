import { styleText } from "node:util";
import { runKeyOf } from "../../shared/core/ids.ts";
import { formatInstant } from "../../shared/core/time/instant.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Log, LogEntry } from "../../shared/ports/log.ts";

type Style = Parameters<typeof styleText>[0];

const MARKS: Readonly<Record<string, readonly [mark: string, style: Style]>> = {
  "run.due": ["●", "cyan"],
  "run.admitted": ["◆", "blue"],
  "run.waiting": ["…", "yellow"],
  "run.started": ["▶", "green"],
  "run.found": ["▶", "green"],
  "run.succeeded": ["✔", "green"],
  "run.failed": ["✘", "red"],
  "run.timedOut": ["✘", "red"],
  "run.cancelled": ["■", "yellow"],
  "run.skipped": ["⤼", "yellow"],
  "run.refused": ["✘", "red"],
  "run.expired": ["✘", "red"],
  "run.retried": ["↻", "yellow"],
  "units.settled": ["◆", "blue"],
  "delivery.delivered": ["✉", "magenta"],
  "delivery.failed": ["✉", "yellow"],
  "delivery.buried": ["✉", "red"],
};
const LEVELS: Readonly<Record<LogEntry["level"], readonly [mark: string, style: Style]>> = {
  debug: ["·", "gray"],
  info: ["·", "gray"],
  warn: ["!", "yellow"],
  error: ["✘", "red"],
};

/**
 * What `orrery up` itself prints, with the lines of the file that it is about; and a failed call, of
 * which the platform says what happens next.
 */
const TOLD_ELSEWHERE = ["configuration.problem", "configuration.rejected", "call.failed"];

/** A column wide enough for most schedule names, so that the story lines up. */
const NAME_WIDTH = 16;

/** Where lines go; the terminal, or a test's list. */
export interface Lines {
  write(line: string): void;
}

/** Tells what happens in lines a person enjoys: when, which schedule, and what. */
export class Narrator implements Log {
  readonly #lines: Lines;
  readonly #clock: Clock;

  constructor(lines: Lines, clock: Clock) {
    this.#lines = lines;
    this.#clock = clock;
  }

  write(entry: LogEntry): void {
    if (entry.level === "debug" || TOLD_ELSEWHERE.includes(entry.name)) return;
    const [mark, style] = MARKS[entry.name] ?? LEVELS[entry.level];
    this.#line(scheduleOf(entry), styleText(style, `${mark} ${entry.message}`));
  }

  /** A line that a job printed. */
  output(schedule: string, text: string): void {
    this.#line(schedule, `${styleText("gray", "│")} ${text}`);
  }

  #line(subject: string, text: string): void {
    const time = formatInstant(this.#clock.now()).slice(11, 19);
    const name = styleText("bold", subject.padEnd(NAME_WIDTH));
    this.#lines.write(`${styleText("gray", time)}  ${name}  ${text}`);
  }
}

function scheduleOf(entry: LogEntry): string {
  const { schedule, run } = entry.fields;
  if (typeof schedule === "string") return schedule;
  return (typeof run === "string" ? runKeyOf(run)?.schedule : undefined) ?? "orrery";
}
