import type { Finding } from "../core/finding.ts";
import { messageOf } from "../core/errors.ts";
import { limits } from "../core/limits.ts";
import { formatDurationMs, SECOND_MS } from "../core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../core/time/instant.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { scanSchedules } from "../records/schedule-record.ts";
import { scanLanes } from "../records/timer-record.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { listRejections } from "./list-rejections.ts";
import type { Services } from "./services.ts";
import { lookAtZones } from "./time-zones/look-at-zones.ts";

type Needs = Pick<Services, "store" | "clock" | "provider">;

/**
 * Looks whether an installation works: its store, its tick, what it was told to do and what it could
 * not do. Each check answers for itself, so one that
 * cannot be made never hides the others.
 */
export async function diagnose(services: Needs): Promise<Diagnosis> {
  const { store, ...live } = await lookAtStore(services);
  // Without its store nothing else can be known of it.
  if (store.status === "failed") return { findings: [store] };
  const checks = services.provider === undefined ? CHECKS : [...CHECKS, PROJECTS_CHECK];
  const own = await Promise.all(
    checks.map(async ([check, look]) => await answering(check, async () => await look(services))),
  );
  return { findings: [store, ...own], ...live };
}

/** What a look at an installation came to. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** When the live configuration was applied; absent where none was, or the store does not answer. */
  readonly appliedAt?: Instant;
}

type Found = Omit<Finding, "check">;

type Check = readonly [string, (services: Needs) => Promise<Found>];

const CHECKS: readonly Check[] = [
  ["configuration", lookAtConfiguration],
  ["zones", lookAtZones],
  ["tick", lookAtTick],
  ["messages", lookAtRejections],
  ["deliveries", lookAtDeliveries],
];

/** Only where somebody else owns the projects. */
const PROJECTS_CHECK: Check = ["projects", lookAtProjects];

async function answering(check: string, look: () => Promise<Found>): Promise<Finding> {
  try {
    return { ...(await look()), check };
  } catch (error) {
    return { check, status: "failed", text: `It could not be looked at: ${messageOf(error)}` };
  }
}

async function lookAtStore({
  store,
  clock,
}: Needs): Promise<{ readonly store: Finding; readonly appliedAt?: Instant }> {
  const startedMs = clock.monotonicMs();
  let appliedAt: Instant | undefined;
  const found = await answering("store", async () => {
    appliedAt = (await store.snapshot(readConfiguration))?.appliedAt;
    const tookMs = Math.round(clock.monotonicMs() - startedMs);
    return { status: "ok", text: `It answers, in ${tookMs} ms` };
  });
  return { store: found, ...(appliedAt === undefined ? {} : { appliedAt }) };
}

async function lookAtConfiguration({ store }: Needs): Promise<Found> {
  const live = await store.snapshot(readConfiguration);
  if (live === undefined) {
    return {
      status: "warning",
      text: "No schedules file was ever applied, so nothing fires",
      remedy: "put one where it is applied from: `orrery up --config`, or the bucket",
    };
  }
  const digest = live.digest.slice(0, 12);
  return { status: "ok", text: `Applied at ${formatInstant(live.appliedAt)}, digest ${digest}` };
}

/** The tick looks at everything overdue, so what stays overdue for long says that none comes. */
async function lookAtTick({ store, clock }: Needs): Promise<Found> {
  const now = clock.now();
  const timers = await store.snapshot(async (reader) => {
    return (await scanLanes(reader, { throughAt: now })).flat();
  });
  const oldest = timers.reduce<Instant>((least, { dueAt }) => (dueAt < least ? dueAt : least), now);
  if (plusMs(oldest, limits.tickLagMs) > now) {
    return { status: "ok", text: "Nothing is overdue for longer than a tick takes to come" };
  }
  const since = formatDurationMs(Math.floor((now - oldest) / SECOND_MS) * SECOND_MS);
  return {
    status: "failed",
    text: `${timers.length} timers are overdue, the first for ${since}: the tick does not come, or fails`,
    remedy: "look at the tick function's log and at its trigger; a new trigger takes five minutes",
  };
}

async function lookAtRejections({ store, clock }: Needs): Promise<Found> {
  const since = plusMs(clock.now(), -limits.doctorLookBackMs);
  const all = await listRejections({ store }, limits.doctorItems);
  const found = all.filter(({ rejectedAt }) => rejectedAt >= since);
  if (found.length === 0) return { status: "ok", text: "None was set aside in the last day" };
  return {
    status: "warning",
    text: `${atLeast(found.length)} were set aside in the last day, the latest from ${found[0]?.source ?? ""}`,
    remedy: "`orrery rejected` shows each with its reason",
  };
}

async function lookAtDeliveries(services: Needs): Promise<Found> {
  const query = { size: limits.doctorItems, state: "buried" } as const;
  const { items } = await listDeliveries(services, query);
  if (items.length === 0) return { status: "ok", text: "No delivery is buried" };
  return {
    status: "warning",
    text: `${atLeast(items.length)} are buried: their receivers never took them`,
    remedy: "`orrery deliveries --state buried` shows each with its last answer",
  };
}

/** Whether we may see the projects that schedules run in: who may not, starts nothing there either. */
async function lookAtProjects({ store, provider }: Needs): Promise<Found> {
  const schedules = await store.snapshot(
    async (reader) => await scanSchedules(reader, { limit: limits.scanRows }),
  );
  const all = [...new Set(schedules.map(({ project }) => project))];
  const projects = all.slice(0, limits.doctorProjects);
  const unseen = await Promise.all(
    projects.map(async (project): Promise<readonly string[]> => {
      try {
        const found = await provider?.project(project);
        return found === undefined ? [`${project} (DataSphere knows no such project)`] : [];
      } catch (error) {
        return [`${project} (${messageOf(error)})`];
      }
    }),
  );
  const failed = unseen.flat();
  const asked = projects.length < all.length ? `the first ${projects.length}` : "all";
  if (failed.length === 0) {
    return { status: "ok", text: `DataSphere shows ${asked} of ${all.length} projects` };
  }
  return {
    status: "failed",
    text: `DataSphere does not show ${failed.length} of ${projects.length} projects: ${failed.join("; ")}`,
    remedy: "give the functions' accounts their roles there: `datasphere_projects` in Terraform",
  };
}

function atLeast(count: number): string {
  return count < limits.doctorItems ? String(count) : `${count} or more`;
}
