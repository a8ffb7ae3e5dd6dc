import type { Finding } from "../../shared/core/finding.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import type { Manifest } from "../local/manifest.ts";

/** Holds a queue's attributes against what `serverless.yaml` says it is to be like. */
export function queueFinding(
  name: string,
  wanted: Manifest["queues"][string] | undefined,
  attributes: Readonly<Record<string, string>>,
): Finding {
  const check = `queue ${name}`;
  if (wanted === undefined) {
    return {
      check,
      status: "warning",
      text: "It is in Terraform's outputs, not in serverless.yaml",
    };
  }
  const wrong = [...wrongVisibility(wanted, attributes), ...wrongRedrive(wanted, attributes)];
  if (wrong.length > 0) {
    return {
      check,
      status: "failed",
      text: wrong.join("; "),
      remedy: "somebody changed it by hand: deploy again, or change serverless.yaml",
    };
  }
  const waiting = attributes["ApproximateNumberOfMessages"] ?? "0";
  return { check, status: "ok", text: `It is as serverless.yaml says; ${waiting} messages wait` };
}

function wrongVisibility(
  { visibilityTimeoutMs }: Manifest["queues"][string],
  attributes: Readonly<Record<string, string>>,
): readonly string[] {
  const found = Number(attributes["VisibilityTimeout"] ?? "0");
  const wanted = visibilityTimeoutMs / SECOND_MS;
  if (found >= wanted) return [];
  return [`it hides a message for ${found} s, and its function may take ${wanted} s with it`];
}

function wrongRedrive(
  { maxReceiveCount, deadLetter }: Manifest["queues"][string],
  attributes: Readonly<Record<string, string>>,
): readonly string[] {
  const { deadLetterTargetArn = "", maxReceiveCount: count } = policyOf(
    attributes["RedrivePolicy"],
  );
  if (deadLetterTargetArn === "")
    return ["it has no dead-letter queue, so a bad message stays for ever"];
  const [name = ""] = deadLetterTargetArn.split(":").slice(-1);
  return [
    ...(name.endsWith(deadLetter) ? [] : [`its dead letters go to ${name}, not to ${deadLetter}`]),
    ...(Number(count) >= maxReceiveCount
      ? []
      : [
          `it gives a message up after ${String(count)} receives, and ${maxReceiveCount} are meant`,
        ]),
  ];
}

function policyOf(text: string | undefined): {
  readonly deadLetterTargetArn?: string;
  readonly maxReceiveCount?: number | string;
} {
  try {
    return JSON.parse(text ?? "{}") as object;
  } catch {
    return {};
  }
}

/** A trigger, as `yc serverless trigger list` prints it: the members we read. */
export interface FoundTrigger {
  readonly name?: string;
  readonly status?: string;
  readonly rule?: unknown;
}

/** Holds the triggers that are there against those that each function is to have. */
export function triggerFinding(
  manifest: Manifest,
  functions: Readonly<Record<string, string>>,
  triggers: readonly FoundTrigger[],
): Finding {
  const check = "triggers";
  const wrong = manifest.functions.flatMap(({ name, triggers: wanted }) => {
    const fired = wanted.filter(({ kind }) => kind !== "http").length;
    const id = functions[name];
    if (fired === 0) return [];
    if (id === undefined) return [`function ${name} was not deployed`];
    // A rule names the function that it calls, at a place that differs by its kind.
    const own = triggers.filter(({ rule }) => JSON.stringify(rule ?? {}).includes(`"${id}"`));
    const paused = own.filter(({ status }) => status === "PAUSED");
    return [
      ...(own.length < fired ? [`${name} has ${own.length} of ${fired} triggers`] : []),
      ...paused.map((each) => `${each.name ?? `a trigger of ${name}`} is paused`),
    ];
  });
  if (wrong.length === 0)
    return { check, status: "ok", text: "Each function has its triggers, and none is paused" };
  return {
    check,
    status: "failed",
    text: wrong.join("; "),
    remedy: "resume what is paused (`yc serverless trigger resume`), deploy what is missing",
  };
}
