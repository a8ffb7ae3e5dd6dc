import { failureLine, triggerLine, type DeployedView } from "./deployment-view.ts";

/** A resource of a plan: its address, its type, and what it would be. */
export interface Planned {
  readonly address: string;
  readonly type: string;
  readonly name: string;
  readonly index?: string | number;
  readonly values: Row;
}

/** A resource or a block of one, as `terraform show -json` tells it: a block is a list of rows. */
export interface Row {
  readonly [name: string]: Cell;
}

type Cell = string | number | boolean | null | Row | readonly Cell[];

interface PlanModule {
  readonly resources?: readonly Planned[];
  readonly child_modules?: readonly PlanModule[];
}

/** Every resource of a plan that `terraform show -json` printed. */
export function resourcesOf(plan: unknown): readonly Planned[] {
  const { planned_values } = plan as { planned_values: { root_module: PlanModule } };
  const all = (module: PlanModule): readonly Planned[] => [
    ...(module.resources ?? []),
    ...(module.child_modules ?? []).flatMap(all),
  ];
  return all(planned_values.root_module);
}

/** What Terraform would make. */
export interface TerraformView {
  readonly functions: Readonly<Record<string, DeployedView>>;
  readonly failures: Readonly<Record<string, string>>;
  readonly queues: Readonly<Record<string, QueueView>>;
  /** Queues that calls and messages end in, sorted. */
  readonly deadLetters: readonly string[];
}

interface QueueView {
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  readonly deadLetter: string;
}

/** A plan as all readers are compared. Everything is named `PREFIX-NAME` there. */
export function viewOfTerraform(resources: readonly Planned[], prefix: string): TerraformView {
  const bare = (name: Cell | undefined): string => textOf(name).replace(`${prefix}-`, "");
  const of = (type: string): readonly Row[] =>
    resources.flatMap((each) => (each.type === type ? [each.values] : []));
  const nameById = new Map(
    [...of("yandex_function"), ...of("yandex_iam_service_account")].map((row) => [
      row["id"],
      bare(row["name"]),
    ]),
  );
  const queueByArn = new Map(
    of("yandex_message_queue").map((row) => [row["arn"], bare(row["name"])]),
  );
  const triggers = of("yandex_function_trigger").map((row) =>
    readTrigger(row, nameById, queueByArn),
  );
  const routes = of("yandex_api_gateway").flatMap((row) => routesOf(textOf(row["spec"]), nameById));
  const functions = of("yandex_function").map((row) => {
    const name = bare(row["name"]);
    const lines = [...triggers, ...routes].flatMap((each) => (each.of === name ? [each.line] : []));
    const secrets = rows(row["secrets"]).map((secret) => textOf(secret["environment_variable"]));
    const view: DeployedView = {
      entrypoint: textOf(row["entrypoint"]),
      memoryMb: Number(row["memory"]),
      timeoutSeconds: Number(row["execution_timeout"]),
      triggers: lines.toSorted(),
      runtime: textOf(row["runtime"]),
      account: nameById.get(row["service_account_id"]) ?? "?",
      environment: [...Object.keys(row["environment"] as Row), ...secrets].toSorted(),
    };
    return [name, view] as const;
  });
  const queues = of("yandex_message_queue").filter((row) => row["redrive_policy"] !== null);
  return {
    functions: sorted(functions),
    failures: sorted(
      triggers.flatMap(({ of: name, failure }) =>
        failure === "" ? [] : [[name, failure] as const],
      ),
    ),
    queues: sorted(queues.map((row) => [bare(row["name"]), queueView(row, queueByArn)] as const)),
    deadLetters: of("yandex_message_queue")
      .filter((row) => row["redrive_policy"] === null)
      .map((row) => bare(row["name"]))
      .toSorted(),
  };
}

type Names = ReadonlyMap<Cell | undefined, string>;

interface Read {
  readonly of: string;
  readonly line: string;
  readonly failure: string;
}

function readTrigger(row: Row, functions: Names, queues: Names): Read {
  const [call = {}] = rows(row["function"]);
  const [timer] = rows(row["timer"]);
  const [queue] = rows(row["message_queue"]);
  const [objects] = rows(row["object_storage"]);
  const [dlq] = rows(row["dlq"]);
  const attempts = call["retry_attempts"] ?? null;
  const failure = failureLine({
    retry:
      attempts === null
        ? undefined
        : { attempts: Number(attempts), interval: Number(call["retry_interval"]) },
    deadLetter: dlq === undefined ? undefined : queues.get(dlq["queue_id"]),
  });
  const of = functions.get(call["id"]) ?? "?";
  if (timer !== undefined)
    return { of, failure, line: triggerLine.timer(textOf(timer["cron_expression"])) };
  if (queue !== undefined) {
    const name = queues.get(queue["queue_id"]) ?? "?";
    const [batch, cutoff] = [Number(queue["batch_size"]), Number(queue["batch_cutoff"])];
    return { of, failure: "", line: triggerLine.queue({ queue: name, batch, cutoff }) };
  }
  const on = ["create", "update", "delete"].filter((each) => objects?.[each] === true);
  const [prefix, suffix] = [textOf(objects?.["prefix"]), textOf(objects?.["suffix"])];
  return { of, failure, line: triggerLine.objects({ prefix, suffix, on }) };
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary?: string;
  readonly "x-yc-apigateway-integration"?: { readonly function_id: string };
}

/** The routes of the manifest; paths of the API, which stand beside them, have a summary. */
function routesOf(spec: string, functions: Names): readonly Read[] {
  return Object.entries((JSON.parse(spec) as Spec).paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const called = operation["x-yc-apigateway-integration"]?.function_id;
      if (called === undefined || operation.summary !== undefined) return [];
      const known = method === "x-yc-apigateway-any-method" ? "any" : method;
      return [
        { of: functions.get(called) ?? "?", line: triggerLine.http(path, known), failure: "" },
      ];
    }),
  );
}

function queueView(row: Row, queues: Names): QueueView {
  const redrive = JSON.parse(textOf(row["redrive_policy"])) as {
    readonly deadLetterTargetArn: string;
    readonly maxReceiveCount: number;
  };
  return {
    visibilitySeconds: Number(row["visibility_timeout_seconds"]),
    maxReceiveCount: redrive.maxReceiveCount,
    deadLetter: queues.get(redrive.deadLetterTargetArn) ?? "?",
  };
}

/** The text in a cell; empty for anything else. */
export function textOf(cell: Cell | undefined): string {
  return typeof cell === "string" ? cell : "";
}

function rows(cell: Cell | undefined): readonly Row[] {
  return Array.isArray(cell) ? (cell as readonly Row[]) : [];
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
