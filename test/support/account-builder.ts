import { attemptIdOf, projectId, runIdOf, scheduleName } from "../../shared/core/ids.ts";
import type { AttemptId } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { instant, parseInstant, plusMs } from "../../shared/core/time/instant.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import { applyLimits, openAccount } from "../../shared/core/units/account.ts";
import type { Account } from "../../shared/core/units/account.ts";
import { admit } from "../../shared/core/units/admission.ts";
import type { Admitted } from "../../shared/core/units/admission.ts";
import type { AdmissionRequest } from "../../shared/core/units/explain.ts";
import type { Entry } from "../../shared/core/units/ledger.ts";

const MIDNIGHT = parseInstant("2027-01-15T00:00:00Z") ?? instant(0);

/** `HH:MM`, `HH:MM:SS` or `HH:MM:SS.mmm` of the day that these tests live on. */
export function at(time: string): Instant {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return plusMs(MIDNIGHT, Math.round(((hours * 60 + minutes) * 60 + seconds) * 1_000));
}

export const nightly = (number: number): AttemptId =>
  attemptIdOf(runIdOf({ schedule: scheduleName("nightly"), nominalAt: MIDNIGHT }, "t"), number);

/** An account with these limits, configured at midnight. */
export function anAccount(limits: UnitLimits = {}): Account {
  return applyLimits(openAccount(projectId("demo")), limits, MIDNIGHT).account;
}

/** Ten minutes of c1.4, 2400 units, that start at once and need no grace. */
export function aRequest(fields: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const asked = { rate: 4, timeoutMs: 600_000, graceMs: 0, startWithinMs: 0 };
  return { attempt: nightly(1), ...asked, ...fields };
}

/** Admits, or fails the test with every sentence of the denial. */
export function admitted(account: Account, request: AdmissionRequest, now: Instant): Admitted {
  const admission = admit(account, request, now);
  if (admission.outcome === "admitted") return admission;
  throw new Error(admission.explain.map(({ sentence }) => sentence).join("\n"));
}

/** Entries as the lines of a bank statement. */
export function statement(entries: readonly Entry[]): readonly string[] {
  return entries.map((entry) => {
    const time = new Date(entry.at).toISOString().slice(11, 19);
    const left = entry.balanceAfter ?? "no limit";
    const units = entry.units ?? "no limit";
    return `${entry.seq}. ${time} ${entry.kind} ${units} (${entry.reason}): held ${entry.heldAfter}, left ${left}`;
  });
}
