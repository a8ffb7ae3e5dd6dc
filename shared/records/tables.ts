import { limits } from "../core/limits.ts";
import { defineTable, type TableLayout } from "../ports/table.ts";

/**
 * Every table of the product. What each holds and why its key is as it is stands in
 * `docs/architecture.md`.
 */

/**
 * Written with every fire or run. A table is small long after it is too busy for one machine, so
 * its size would not get it cut.
 */
const BUSY: TableLayout = { splitByLoad: true };

/** The moving part of a schedule: small, because every fire writes it. */
export const schedulesTable = defineTable(
  "schedules",
  {
    schedule: "text",
    project: "text",
    state: "text",
    version: "int",
    timer_at: "int",
    body: "json",
  },
  ["schedule"],
  BUSY,
);

/** What a schedule says: large, written only when the configuration changes. */
export const definitionsTable = defineTable(
  "definitions",
  { schedule: "text", project: "text", body: "json" },
  ["schedule"],
);

const lanesAfterFirst = Array.from({ length: limits.timerLanes - 1 }, (_, index) => index + 1);

/** "Somebody must look at this again at T": one row for every live thing. */
export const timersTable = defineTable(
  "timers",
  { lane: "int", due_at: "int", kind: "text", ref: "text" },
  ["lane", "due_at", "kind", "ref"],
  // A lane each from the start: every tick reads them all and every run writes to them.
  { ...BUSY, splitAt: lanesAfterFirst },
);

export const runsTable = defineTable(
  "runs",
  {
    schedule: "text",
    nominal_at: "int",
    run: "text",
    project: "text",
    state: "text",
    version: "int",
    timer_at: "int",
    timer: "text",
    body: "json",
    owes: "json",
    expire_at: "expiry",
  },
  ["schedule", "nominal_at", "run"],
  BUSY,
);

/** Runs of a schedule that wait, for the overlap policy; those that run hold units in an account. */
export const activeTable = defineTable(
  "active",
  { schedule: "text", run: "text", effective_at: "int", state: "text", reason: "text" },
  ["schedule", "run"],
  BUSY,
);

/** Runs that wait for their project's limits, in the order in which they may go. */
export const waitingTable = defineTable(
  "waiting",
  { project: "text", rank: "int", since: "int", run: "text" },
  ["project", "rank", "since", "run"],
  BUSY,
);

/** The operations of calls. That of an attempt is told from its run, and no row of its own. */
export const operationsTable = defineTable(
  "operations",
  { project: "text", operation: "text", version: "int", body: "json", expire_at: "expiry" },
  ["project", "operation"],
  BUSY,
);

/**
 * A project's operations by the time they were made: what a listing reads. The attempts of schedules
 * are not among them.
 */
export const operationTimesTable = defineTable(
  "operation_times",
  { project: "text", created_at: "int", operation: "text", expire_at: "expiry" },
  ["project", "created_at", "operation"],
  BUSY,
);

export const communitiesTable = defineTable("communities", { community: "text", body: "json" }, [
  "community",
]);

export const projectsTable = defineTable("projects", { project: "text", body: "json" }, [
  "project",
]);

/** The projects of a community, in the order of their ids. */
export const communityProjectsTable = defineTable(
  "community_projects",
  { community: "text", project: "text" },
  ["community", "project"],
);

/** Names that are taken: a scope is a community, or `communities`. */
export const namesTable = defineTable("names", { scope: "text", name: "text", id: "text" }, [
  "scope",
  "name",
]);

/** Who holds which role; a resource is `project:ID` or `community:ID`, a subject `TYPE:ID`. */
export const bindingsTable = defineTable(
  "bindings",
  { resource: "text", subject: "text", role: "text" },
  ["resource", "subject", "role"],
);

/** Resources that were shared with a project or a community, and whether they are switched on. */
export const resourcesTable = defineTable(
  "resources",
  { holder: "text", kind: "text", resource: "text", body: "json" },
  ["holder", "kind", "resource"],
);

/** Tokens by the hash of their secret, those of sessions too. */
export const tokensTable = defineTable(
  "tokens",
  { hash: "text", id: "text", body: "json", expire_at: "expiry" },
  ["hash"],
);

/** The session that a subject has open in a project, by the hash of its token: at most one. */
export const sessionsTable = defineTable(
  "sessions",
  { project: "text", subject: "text", hash: "text", expire_at: "expiry" },
  ["project", "subject"],
);

export const jobsTable = defineTable(
  "jobs",
  { job: "text", project: "text", version: "int", timer_at: "int", body: "json" },
  ["job"],
);

/** A project's jobs by the time they were created: what a listing reads. */
export const projectJobsTable = defineTable(
  "project_jobs",
  { project: "text", created_at: "int", job: "text" },
  ["project", "created_at", "job"],
);

/** In which order a job's logs were first read: stretches of its streams. */
export const jobLogsTable = defineTable("job_logs", { job: "text", start: "int", body: "json" }, [
  "job",
  "start",
]);

/** Which jobs need an uploaded content: it goes with the last of them. */
export const fileUsesTable = defineTable(
  "file_uses",
  { project: "text", sha256: "text", job: "text" },
  ["project", "sha256", "job"],
);

/** Notebook executions; one with a result is a checkpoint. */
export const executionsTable = defineTable(
  "executions",
  { project: "text", created_at: "int", execution: "text", body: "json", expire_at: "expiry" },
  ["project", "created_at", "execution"],
);

/** What may be executed for an attempt at a provider that does not know attempts. */
export const claimsTable = defineTable(
  "execution_claims",
  { attempt: "text", body: "json", expire_at: "expiry" },
  ["attempt"],
  BUSY,
);

export const accountsTable = defineTable(
  "accounts",
  { project: "text", version: "int", body: "json" },
  ["project"],
  BUSY,
);

/**
 * The ledger but for its newest entries, which stand in their account's row. Append-only: some
 * entries to a row, by the number of the first one, in one sequence per project.
 */
export const entriesTable = defineTable(
  "entries",
  { project: "text", seq: "int", body: "json" },
  ["project", "seq"],
  BUSY,
);

/** What ended work of a project spent on a day, by the hour and by schedule: its ledger, summed up. */
export const spendingDaysTable = defineTable(
  "spending_days",
  { project: "text", day: "int", body: "json" },
  ["project", "day"],
);

/** What was last worked out about a project's units to come. */
export const outlooksTable = defineTable("outlooks", { project: "text", body: "json" }, [
  "project",
]);

export const deliveriesTable = defineTable(
  "deliveries",
  {
    subscription: "text",
    delivery: "text",
    state: "text",
    version: "int",
    timer_at: "int",
    body: "json",
    expire_at: "expiry",
  },
  ["subscription", "delivery"],
  BUSY,
);

/** What a request with this key led to, so that its repeat finds the same answer. */
export const requestsTable = defineTable(
  "requests",
  { scope: "text", key: "text", body: "json", expire_at: "expiry" },
  ["scope", "key"],
  BUSY,
);

/** Messages that could not be understood, set aside with the reason. */
export const rejectionsTable = defineTable(
  "rejections",
  { source: "text", sent_at: "int", id: "text", body: "json", expire_at: "expiry" },
  ["source", "sent_at", "id"],
);

/** Single rows of the deployment, such as the live configuration. */
export const metaTable = defineTable("meta", { name: "text", body: "json" }, ["name"]);

export const tables = [
  schedulesTable,
  definitionsTable,
  timersTable,
  runsTable,
  activeTable,
  waitingTable,
  operationsTable,
  operationTimesTable,
  communitiesTable,
  projectsTable,
  communityProjectsTable,
  namesTable,
  bindingsTable,
  resourcesTable,
  tokensTable,
  sessionsTable,
  jobsTable,
  projectJobsTable,
  jobLogsTable,
  fileUsesTable,
  executionsTable,
  claimsTable,
  accountsTable,
  entriesTable,
  spendingDaysTable,
  outlooksTable,
  deliveriesTable,
  requestsTable,
  rejectionsTable,
  metaTable,
] as const;
