import type { FunctionManifest, Manifest, Trigger } from "../../../infra/local/manifest.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";

/** What a reader of `serverless.yaml` makes of a function, in words that all three have. */
interface FunctionView {
  readonly entrypoint: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Sorted. */
  readonly triggers: readonly string[];
}

/** Functions by their names in the manifest. */
export type DeploymentView = Readonly<Record<string, FunctionView>>;

/** What the two that deploy see beyond that. */
export interface DeployedView extends FunctionView {
  readonly runtime: string;
  /** Without the prefix of the installation. */
  readonly account: string;
  /** Names of variables, those of secrets included; sorted. */
  readonly environment: readonly string[];
}

interface Retried {
  readonly retry?: { readonly attempts: number; readonly interval: number } | undefined;
  readonly deadLetter?: string | undefined;
}

/** A trigger in one line, so that a difference reads as one. */
export const triggerLine = {
  timer: (expression: string): string => `timer ${expression}`,
  queue: (at: {
    readonly queue: string;
    readonly batch: number;
    readonly cutoff: number;
  }): string => `queue ${at.queue}, ${at.batch} at once, within ${at.cutoff} s`,
  objects: (at: {
    readonly prefix: string;
    readonly suffix: string;
    readonly on: readonly string[];
  }): string => `objects ${at.prefix}*${at.suffix}, ${at.on.toSorted().join(" ")}`,
  http: (path: string, method: string): string => `http ${method.toUpperCase()} ${path}`,
};

/** What becomes of a call that failed, where a trigger says so. */
export function failureLine({ retry, deadLetter }: Retried): string {
  const again =
    retry === undefined ? "not again" : `${retry.attempts} times each ${retry.interval} s`;
  return `${again}, then ${deadLetter ?? "lost"}`;
}

/** As the laptop reads it. */
export function viewOfManifest({ functions }: Manifest): DeploymentView {
  return Object.fromEntries(functions.map((each) => [each.name, functionView(each)]));
}

function functionView({ handler, memoryMb, timeoutMs, triggers }: FunctionManifest): FunctionView {
  return {
    entrypoint: handler,
    memoryMb,
    timeoutSeconds: timeoutMs / SECOND_MS,
    triggers: triggers.map(lineOf).toSorted(),
  };
}

function lineOf(trigger: Trigger): string {
  switch (trigger.kind) {
    case "timer":
      return triggerLine.timer(trigger.expression);
    case "queue":
      return triggerLine.queue({ ...trigger, cutoff: trigger.cutoffMs / SECOND_MS });
    case "object":
      return triggerLine.objects({ ...trigger, on: trigger.changes });
    case "http":
      return triggerLine.http(trigger.path, trigger.method);
  }
}

/** The part that all three see. */
export function commonView(view: Readonly<Record<string, DeployedView>>): DeploymentView {
  return Object.fromEntries(
    Object.entries(view).map(([name, { entrypoint, memoryMb, timeoutSeconds, triggers }]) => [
      name,
      { entrypoint, memoryMb, timeoutSeconds, triggers },
    ]),
  );
}
