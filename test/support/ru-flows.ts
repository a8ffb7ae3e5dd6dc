import { HOUR_MS, MINUTE_MS } from "../../shared/core/time/duration.ts";
import {
  deliveredAgain,
  firingTick,
  getOperation,
  getProject,
  getRun,
  idleTick,
  listOperations,
  listRuns,
  onePoll,
  SHORT_MS,
  waitAnHour,
  wholeRuns,
} from "./ru-scenarios.ts";
import { CostWorld, type CountedRequest, type Spent } from "./ru-stage.ts";
import type { Double, Method } from "./ydb/double.ts";
import { startDouble } from "./ydb/start-double.ts";

/** One thing the product does, as it is measured: through its own handlers, API and store. */
export interface Flow {
  readonly name: string;
  /** What is measured, for a reader of the table. */
  readonly what: string;
  /** Among how many of what is measured its cost is shared. */
  readonly shares: number;
  /** Prepares a world, and says what the part to be measured cost. */
  readonly spend: (world: CostWorld) => Promise<Spent>;
}

/** What a flow cost in all, not yet shared. */
export interface FlowCost {
  readonly requests: ReadonlyMap<Method, number>;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
  readonly rowsDeleted: number;
  readonly ru: number;
}

export interface MeasuredFlow {
  readonly flow: Flow;
  readonly cost: FlowCost;
  readonly spent: Spent;
}

/** In the order of the table. */
export const flows: readonly Flow[] = [
  flow("tick-idle-1", "a tick that finds nothing due, 1 schedule", (world) => idleTick(world, 1)),
  flow("tick-idle-1000", "the same, 1,000 schedules", (world) => idleTick(world, 1_000)),
  flow("fire-1", "a tick that fires 1 schedule", (world) => firingTick(world, 1)),
  flow("fire-50", "a tick that fires 50 of one project", (world) => firingTick(world, 50), 50),
  flow("run", "a run of 1 s, from fire to settled and told", (world) =>
    wholeRuns(world, { runs: 1, runMs: SHORT_MS }),
  ),
  flow(
    "run-50",
    "the same, 50 together in one project",
    (world) => wholeRuns(world, { runs: 50, runMs: SHORT_MS }),
    50,
  ),
  flow(
    "run-50-projects",
    "the same, 50 together in 50 projects",
    (world) => wholeRuns(world, { runs: 50, runMs: SHORT_MS, projects: 50 }),
    50,
  ),
  flow("run-minute", "a run of a minute, from fire to settled and told", (world) =>
    wholeRuns(world, { runs: 1, runMs: MINUTE_MS }),
  ),
  flow("run-hour", "a run of an hour, from fire to settled and told", (world) =>
    wholeRuns(world, { runs: 1, runMs: HOUR_MS }),
  ),
  flow("poll", "a poll that finds a run still running", onePoll),
  flow("wait-hour", "an hour of a run that waits for its limits", waitAnHour),
  flow("again-submit", "a submit message of finished work, delivered again", (world) =>
    deliveredAgain(world, "submit"),
  ),
  flow("again-watch", "a watch message of finished work, delivered again", (world) =>
    deliveredAgain(world, "watch"),
  ),
  flow("again-notify", "a notify message of finished work, delivered again", (world) =>
    deliveredAgain(world, "notify"),
  ),
  flow("get-project", "API: Get of a project", getProject),
  flow("get-run", "API: Get of a run", getRun),
  flow("get-operation", "API: Get of an operation", getOperation),
  flow("list-runs", "API: List of 100 runs of one schedule", (world) => listRuns(world, 1)),
  flow("list-runs-all", "API: List of 100 runs of ten schedules", (world) => listRuns(world, 10)),
  flow("list-operations", "API: List of 100 operations of a project", listOperations),
];

function flow(name: string, what: string, spend: Flow["spend"], shares = 1): Flow {
  return { name, what, shares, spend };
}

/**
 * Measures these flows, one after another, each in a database of its own. RU are by the published
 * rule: a request that touches no row costs none, and CPU is not modelled.
 */
export async function measureFlows(
  wanted: readonly Flow[] = flows,
): Promise<readonly MeasuredFlow[]> {
  const double = await startDouble({ leastRu: 0 });
  try {
    const measured: MeasuredFlow[] = [];
    for (const flow of wanted) measured.push(await measureFlow(double, flow));
    return measured;
  } finally {
    await double.close();
  }
}

async function measureFlow(double: Double, flow: Flow): Promise<MeasuredFlow> {
  // Names of one length, and the same whichever flows are measured: bytes count.
  const number = String(flows.indexOf(flow) + 1).padStart(2, "0");
  const world = new CostWorld(double, `report-${number}`);
  try {
    const spent = await flow.spend(world);
    return { flow, cost: costOf(spent.requests), spent };
  } finally {
    await world.close();
  }
}

/** The sum of requests. */
export function costOf(requests: readonly CountedRequest[]): FlowCost {
  const byMethod = new Map<Method, number>();
  for (const { method } of requests) byMethod.set(method, (byMethod.get(method) ?? 0) + 1);
  const sum = (of: (request: CountedRequest) => number): number =>
    requests.reduce((total, request) => total + of(request), 0);
  return {
    requests: byMethod,
    rowsRead: sum(({ rowsRead }) => rowsRead),
    bytesRead: sum(({ bytesRead }) => bytesRead),
    rowsWritten: sum(({ rowsWritten }) => rowsWritten),
    bytesWritten: sum(({ bytesWritten }) => bytesWritten),
    rowsDeleted: sum(({ rowsDeleted }) => rowsDeleted),
    ru: sum(({ ru }) => ru),
  };
}
