import { defineTable } from "../ports/table.ts";

/**
 * Every table of the product. What each holds and why its key is as it is stands in
 * `docs/architecture.md`.
 */

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
);

/** What a schedule says: large, written only when the configuration changes. */
export const definitionsTable = defineTable(
  "definitions",
  { schedule: "text", project: "text", body: "json" },
  ["schedule"],
);

/** "Somebody must look at this again at T": one row for every live thing. */
export const timersTable = defineTable(
  "timers",
  { lane: "int", due_at: "int", kind: "text", ref: "text" },
  ["lane", "due_at", "kind", "ref"],
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
    body: "json",
    expire_at: "expiry",
  },
  ["schedule", "nominal_at", "run"],
);

/** Runs of a schedule that wait or run: what the overlap policy looks at. */
export const activeTable = defineTable(
  "active",
  { schedule: "text", run: "text", effective_at: "int", state: "text", reason: "text" },
  ["schedule", "run"],
);

/** Runs that wait for their project's limits, in the order in which they may go. */
export const waitingTable = defineTable(
  "waiting",
  { project: "text", rank: "int", since: "int", run: "text" },
  ["project", "rank", "since", "run"],
);

export const operationsTable = defineTable(
  "operations",
  { project: "text", operation: "text", version: "int", body: "json", expire_at: "expiry" },
  ["project", "operation"],
);

export const accountsTable = defineTable(
  "accounts",
  { project: "text", version: "int", body: "json" },
  ["project"],
);

/** The ledger: append-only, one sequence per project. */
export const entriesTable = defineTable("entries", { project: "text", seq: "int", body: "json" }, [
  "project",
  "seq",
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
);

/** What a request with this key led to, so that its repeat finds the same answer. */
export const requestsTable = defineTable(
  "requests",
  { scope: "text", key: "text", body: "json", expire_at: "expiry" },
  ["scope", "key"],
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
  accountsTable,
  entriesTable,
  deliveriesTable,
  requestsTable,
  rejectionsTable,
  metaTable,
] as const;
