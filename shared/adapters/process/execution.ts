import { readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "../../core/assert.ts";
import { instant, type Instant } from "../../core/time/instant.ts";
import {
  hasCode,
  launchPlace,
  readIfPresent,
  type AttemptPlace,
  type LaunchPlace,
} from "./attempt-place.ts";
import type { NotebookPlan } from "./notebook-launch.ts";
import { isAlive, parseIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What a launch leaves for whoever follows it. */
export interface LaunchPlan {
  readonly instanceType: string;
  readonly outputs: readonly PlannedOutput[];
  readonly hardLimitMs: number;
  readonly graceMs: number;
  /** Present where the work is a notebook. */
  readonly notebook?: NotebookPlan;
}

export interface PlannedOutput {
  readonly path: string;
  readonly variable?: string;
  /** Relative to the working directory. */
  readonly source: string;
  /** Relative to the attempt's outputs. */
  readonly target: string;
}

/** Who prepares a launch; while that process lives, the attempt is `preparing`. */
export interface Ticket extends ProcessIdentity {
  readonly token: string;
  /** Present once the launch is ready, so every claim has it. */
  readonly plan?: LaunchPlan;
}

/** The one execution of an attempt: the launch that made the claim. */
export interface Execution {
  readonly place: AttemptPlace;
  readonly launch: LaunchPlace;
  readonly token: string;
  readonly plan: LaunchPlan;
  /** Absent only where a loss of power took what the supervisor wrote. */
  readonly leader: ProcessIdentity | undefined;
  readonly startedAt: Instant;
}

/** The execution of the attempt, or undefined where no launch has made the claim. */
export async function findExecution(place: AttemptPlace): Promise<Execution | undefined> {
  const claim = await readIfPresent(place.claim);
  if (claim === undefined) return undefined;
  const { token, plan } = JSON.parse(claim) as Ticket;
  assert(plan !== undefined, `the claim of ${place.attempt} has the plan of its launch`);
  const launch = launchPlace(place, token);
  const leader = parseIdentity((await readIfPresent(launch.pid)) ?? "");
  const startedAt = (await modifiedAt(launch.pid)) ?? (await modifiedAt(place.claim));
  assert(startedAt !== undefined, `the claim of ${place.attempt} is never removed`);
  return { place, launch, token, plan, leader, startedAt };
}

/**
 * Puts the ticket in place whole, because a poll may read it at once. One with a plan is on the
 * disk before its supervisor starts: the claim made of it must be readable after a loss of power.
 */
export async function writeTicket(place: AttemptPlace, ticket: Ticket): Promise<void> {
  const fresh = join(launchPlace(place, ticket.token).directory, "ticket");
  await writeFile(fresh, JSON.stringify(ticket), { flush: ticket.plan !== undefined });
  await rename(fresh, join(place.tickets, ticket.token));
}

/** Launches that have not ended; the process behind each may be dead. */
export async function openTickets(place: AttemptPlace): Promise<readonly Ticket[]> {
  const names = await readdir(place.tickets).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const texts = await Promise.all(names.map((name) => readIfPresent(join(place.tickets, name))));
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Ticket]));
}

/**
 * Takes back every ticket whose process is dead (V2). Afterwards the attempt has an execution, is
 * being prepared by a live process, or will never run unless it is started again.
 */
export async function revokeDeadTickets(
  place: AttemptPlace,
): Promise<Execution | "preparing" | "unknown"> {
  const tickets = await openTickets(place);
  const alive = await Promise.all(tickets.map((ticket) => isAlive(ticket)));
  const dead = tickets.filter((_, index) => alive[index] === false);
  for (const ticket of dead) await rm(join(place.tickets, ticket.token), { force: true });
  const execution = await findExecution(place);
  if (execution !== undefined) return execution;
  for (const ticket of dead) await removeLaunch(launchPlace(place, ticket.token).directory);
  return dead.length < tickets.length ? "preparing" : "unknown";
}

/** Tidies up after a launch that came to nothing; its supervisor may just be writing its last there. */
export async function removeLaunch(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 10 });
}

/** When a file was last written, in whole milliseconds; undefined where there is none. */
export async function modifiedAt(path: string): Promise<Instant | undefined> {
  try {
    return instant(Math.floor((await stat(path)).mtimeMs));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
