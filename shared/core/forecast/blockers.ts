import { attemptKeyOf, type AttemptId, type RunId } from "../ids.ts";
import type { AdmissionDecision, AdmissionFacts } from "../run/decide-admission.ts";

/** Who stands against a run, as far as runs do; nobody where it starts. */
export function blockersOf(
  { others, head, account }: AdmissionFacts,
  decision: AdmissionDecision,
  upstream: readonly RunId[],
): readonly RunId[] {
  if (decision.kind === "admit") return [];
  switch (decision.reason.code) {
    case "overlap":
      return others.map(({ run }) => run);
    case "behind":
      return head === undefined ? [] : [head.run as RunId];
    case "dependency":
      return upstream;
    case "limit_hour":
    case "limit_balance":
    case "limit_concurrency":
      return account.open.map(({ attempt }) => runOf(attempt));
    default:
      return [];
  }
}

/** The run of an attempt, also of one that is to come. */
function runOf(attempt: AttemptId): RunId {
  return attemptKeyOf(attempt)?.run ?? (attempt.slice(0, attempt.lastIndexOf(".")) as RunId);
}
