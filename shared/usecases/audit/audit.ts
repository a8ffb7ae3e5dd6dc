import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../core/time/duration.ts";
import type { ActiveRun } from "../../core/run/gate.ts";
import { WAITING_REASONS } from "../../core/telemetry/metrics.ts";
import { formatInstant, type Instant } from "../../core/time/instant.ts";
import { QUEUE_NAMES } from "../../ports/queue.ts";
import type { Reader } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { scanAllWaiting } from "../../records/active-record.ts";
import { readAuditState, writeAuditState, type AuditState } from "../../records/audit-record.ts";
import { readReadingMark } from "../../records/configuration-record.ts";
import type { Services } from "../services.ts";
import { findDrifted, type Drifted } from "./find-drifted.ts";
import { findOrphans, type Orphan } from "./find-orphans.ts";
import { isDue, swept, type SweepPage } from "./sweep.ts";

type AuditServices = Pick<Services, "store" | "queue" | "clock" | "log" | "telemetry">;

/** Whether a tick at this instant is one that audits. Nothing has to be read to know. */
export function isAuditDue(now: Instant): boolean {
  return Math.floor(now / MINUTE_MS) % (limits.auditEveryMs / MINUTE_MS) === 0;
}

/**
 * Looks whether what the product promises holds of the rows themselves, and tells how the whole
 * installation stands, which no single call can see. It changes nothing but its own place: what it
 * finds is for somebody to look into. A failure is told and is nobody else's.
 *
 * Sweeps that are longer than a page go on with the next audit, on whichever instance. What the last
 * whole sweep found is told at each audit, so that it is known all the time.
 */
export async function audit(services: AuditServices): Promise<void> {
  const { telemetry, log } = services;
  try {
    await tellDeadLetters(services);
    await tellRows(services);
    telemetry.count("orrery.audits", 1, { outcome: "done" });
  } catch (error) {
    telemetry.count("orrery.audits", 1, { outcome: "failed" });
    const message = `The audit failed, and the next one is in ten minutes: ${messageOf(error)}`;
    log.write({ level: "warn", name: "audit.failed", message, fields: {} });
  }
}

async function tellDeadLetters({ queue, telemetry }: AuditServices): Promise<void> {
  if (queue.deadLetters === undefined) return;
  for (const name of QUEUE_NAMES) {
    telemetry.gauge("orrery.queue.dead.letters", await queue.deadLetters(name), { queue: name });
  }
}

/** What one audit reads, all in one snapshot. */
interface Looked {
  readonly before: AuditState;
  readonly orphans: SweepPage<Orphan> | undefined;
  readonly drifted: SweepPage<Drifted> | undefined;
}

async function tellRows(services: AuditServices): Promise<void> {
  const { store, clock, telemetry } = services;
  const now = clock.now();
  const { before, orphans, drifted } = await store.snapshot(
    async (reader) => await look(reader, services, now),
  );
  const after: AuditState = {
    ...before,
    ...(orphans === undefined ? {} : { reservations: swept(before.reservations, orphans, now) }),
    ...(drifted === undefined ? {} : { schedules: swept(before.schedules, drifted, now) }),
  };
  if (orphans !== undefined || drifted !== undefined) {
    await store.transact("audit", async (tx) => {
      await Promise.resolve();
      writeAuditState(tx, after);
    });
  }
  const { reservations, schedules } = after;
  if (reservations?.found !== undefined) {
    telemetry.gauge("orrery.reservations.open", reservations.found.seen, {});
    telemetry.gauge("orrery.reservations.orphaned", reservations.found.wrong, {});
  }
  if (schedules?.found !== undefined) {
    telemetry.gauge("orrery.schedules.drifted", schedules.found.wrong, {});
  }
  report(services, orphans?.wrong ?? [], drifted?.wrong ?? []);
}

async function look(reader: Reader, { telemetry }: AuditServices, now: Instant): Promise<Looked> {
  const [before, mark, waiting] = await Promise.all([
    readAuditState(reader),
    readReadingMark(reader),
    scanAllWaiting(reader),
  ]);
  const isRejected = mark?.outcome === "rejected";
  telemetry.gauge("orrery.configuration.drift", isRejected ? 1 : 0, {});
  tellWaiting(telemetry, waiting, now);
  const { auditAccountsEveryMs, auditSchedulesEveryMs } = limits;
  const sweepsAccounts = isDue(before.reservations, auditAccountsEveryMs, now);
  const sweepsSchedules = isDue(before.schedules, auditSchedulesEveryMs, now);
  const [orphans, drifted] = await Promise.all([
    sweepsAccounts ? findOrphans(reader, before.reservations?.after) : undefined,
    sweepsSchedules ? findDrifted(reader, before.schedules?.after, now) : undefined,
  ]);
  return { before, orphans, drifted };
}

/** Every reason is told, so that one that nobody waits for any more is known to be over. */
function tellWaiting(telemetry: Telemetry, waiting: readonly ActiveRun[], now: Instant): void {
  for (const reason of WAITING_REASONS) {
    const runs = waiting.filter((each) => each.reason === reason);
    const first = Math.min(now, ...runs.map(({ effectiveAt }) => effectiveAt));
    telemetry.gauge("orrery.runs.waiting", runs.length, { reason });
    telemetry.gauge("orrery.run.wait.oldest", (now - first) / SECOND_MS, { reason });
  }
}

function report(
  { log }: AuditServices,
  orphans: readonly Orphan[],
  drifted: readonly Drifted[],
): void {
  for (const { project, attempt, units } of orphans.slice(0, limits.auditFindings)) {
    log.write({
      level: "error",
      name: "audit.orphaned",
      message: `${project} holds ${units} units for attempt ${attempt}, which is not live: nobody gives them back`,
      fields: { project, attempt, units },
    });
  }
  for (const { schedule, nominalAt } of drifted.slice(0, limits.auditFindings)) {
    log.write({
      level: "error",
      name: "audit.drifted",
      message: `${schedule} has to fire at ${formatInstant(nominalAt)}, and no timer owes it: it does not fire by itself any more`,
      fields: { schedule },
    });
  }
}
