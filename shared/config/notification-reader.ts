import type { Subscription, Target } from "../core/notification/subscription.ts";
import { quoted } from "./describe-value.ts";
import type { Finding } from "./located-problem.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { NotificationTexts } from "./notification-schema.ts";
import type { Sound } from "./sound-value.ts";
import { valueAt } from "./zod-problems.ts";

/** The rest of the file, as far as a notification refers to it. */
interface Surroundings {
  readonly root: unknown;
  readonly schedules: readonly string[];
}

/** Reads one entry of `notifications`: exactly one target, and no name that no schedule has. */
export function readNotification(
  name: string,
  texts: NotificationTexts,
  { root, schedules }: Surroundings,
): Sound<Subscription> {
  const path = ["notifications", name];
  const findings: Finding[] = [];
  const targets = ["webhook", "log"].filter((key) => valueAt(root, [...path, key]) !== undefined);
  if (targets.length !== 1) {
    const found = targets.length === 0 ? "no target" : "two targets";
    findings.push({ path, found, expected: "exactly one of webhook and log" });
  }
  const patterns = texts.schedules ?? ["*"];
  patterns.forEach((pattern, index) => {
    if (pattern.includes("*") || schedules.includes(pattern)) return;
    const found = `the unknown schedule ${quoted(pattern)}`;
    const meant = didYouMean(pattern, schedules);
    const expected = `a schedule of this file${meant}, or a pattern with *`;
    findings.push({ path: [...path, "schedules", index], found, expected });
  });
  const target: Target =
    texts.webhook === undefined ? { kind: "log" } : { kind: "webhook", ...texts.webhook };
  return { findings, value: { name, on: texts.on, schedules: patterns, target } };
}
