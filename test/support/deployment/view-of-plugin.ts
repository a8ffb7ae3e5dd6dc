import type { CreateTriggerRequest } from "@yandex-cloud/nodejs-sdk/serverless-triggers-v1/trigger_service";
import { Trigger_ObjectStorageEventType as Changes } from "@yandex-cloud/nodejs-sdk/serverless-triggers-v1/trigger";
import type { Deployed } from "../plugin/deploy-with-plugin.ts";
import { failureLine, triggerLine, type DeployedView } from "./deployment-view.ts";

const MB = 1024 * 1024;

/** What the plugin asked a cloud for. */
export interface PluginView {
  readonly functions: Readonly<Record<string, DeployedView>>;
  /** What becomes of failed calls of timers and triggers on objects, by function. */
  readonly failures: Readonly<Record<string, string>>;
  /** Sorted; with their defaults, because the plugin has no word for any setting of them. */
  readonly queues: readonly string[];
}

/** A deployment by the plugin, as all readers are compared. Functions are named `orrery-NAME` there. */
export function viewOfPlugin(deployed: Deployed): PluginView {
  const triggers = deployed.triggers.map(readTrigger);
  const all = [...triggers, ...routesOf(deployed)];
  const functions = deployed.functions.map((each): readonly [string, DeployedView] => {
    const name = nameOf(each.functionId);
    return [
      name,
      {
        entrypoint: each.entrypoint,
        memoryMb: (each.resources?.memory ?? 0) / MB,
        timeoutSeconds: each.executionTimeout?.seconds ?? 0,
        triggers: all.flatMap((trigger) => (trigger.of === name ? [trigger.line] : [])).toSorted(),
        runtime: each.runtime,
        account: nameOf(each.serviceAccountId),
        environment: Object.keys(each.environment).toSorted(),
      },
    ];
  });
  const failures = triggers.flatMap(({ of, failure }) => (failure === "" ? [] : [[of, failure]]));
  return {
    functions: sorted(functions),
    failures: sorted(failures as [string, string][]),
    queues: deployed.queues.map(({ name }) => name).toSorted(),
  };
}

interface Read {
  readonly of: string;
  readonly line: string;
  readonly failure: string;
}

function readTrigger({ rule }: CreateTriggerRequest): Read {
  if (rule?.timer !== undefined) {
    const { cronExpression, invokeFunctionWithRetry: call } = rule.timer;
    return { ...called(call), line: triggerLine.timer(cronExpression) };
  }
  if (rule?.messageQueue !== undefined) {
    const { queueId, batchSettings, invokeFunction } = rule.messageQueue;
    const [batch, cutoff] = [batchSettings?.size ?? 0, batchSettings?.cutoff?.seconds ?? 0];
    const line = triggerLine.queue({ queue: queueName(queueId), batch, cutoff });
    return { of: nameOf(invokeFunction?.functionId), line, failure: "" };
  }
  if (rule?.objectStorage !== undefined) {
    const { prefix, suffix, eventType, invokeFunction: call } = rule.objectStorage;
    const on = eventType.map((each) => CHANGES[each] ?? "?");
    return { ...called(call), line: triggerLine.objects({ prefix, suffix, on }) };
  }
  throw new Error(
    `The plugin made a trigger of a kind that nobody asked for: ${JSON.stringify(rule)}`,
  );
}

const CHANGES: Readonly<Record<number, string>> = {
  [Changes.OBJECT_STORAGE_EVENT_TYPE_CREATE_OBJECT]: "create",
  [Changes.OBJECT_STORAGE_EVENT_TYPE_UPDATE_OBJECT]: "update",
  [Changes.OBJECT_STORAGE_EVENT_TYPE_DELETE_OBJECT]: "delete",
};

interface Call {
  readonly functionId: string;
  readonly retrySettings?:
    | {
        readonly retryAttempts: number;
        readonly interval?: { readonly seconds: number } | undefined;
      }
    | undefined;
  readonly deadLetterQueue?: { readonly queueId: string } | undefined;
}

function called(call: Call | undefined): { readonly of: string; readonly failure: string } {
  const retry = call?.retrySettings;
  const queue = call?.deadLetterQueue?.queueId;
  const failure = failureLine({
    retry: retry && { attempts: retry.retryAttempts, interval: retry.interval?.seconds ?? 0 },
    deadLetter: queue === undefined ? undefined : queueName(queue),
  });
  return { of: nameOf(call?.functionId), failure };
}

interface Spec {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly "x-yc-apigateway-integration": { readonly function_id: string };
}

function routesOf({ gateways }: Deployed): readonly Read[] {
  return gateways.flatMap(({ openapiSpec }) =>
    Object.entries((JSON.parse(openapiSpec ?? "{}") as Spec).paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        of: nameOf(operation["x-yc-apigateway-integration"].function_id),
        line: triggerLine.http(path, method === "x-yc-apigateway-any-method" ? "any" : method),
        failure: "",
      })),
    ),
  );
}

/** `orrery-tick.id` is the id of what is called tick. */
function nameOf(id: string | undefined): string {
  return (id ?? "").replace(/^orrery-/, "").replace(/\.id$/, "");
}

function queueName(arn: string): string {
  return arn.split(":").at(-1) ?? "";
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
