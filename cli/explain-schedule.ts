import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OrreryError } from "../shared/core/errors.ts";
import { parseLocal } from "../shared/core/time/local-time.ts";
import { formatInstant, parseInstant, type Instant } from "../shared/core/time/instant.ts";
import { formatLocal, localToInstants, zoneNamed } from "../shared/core/time/zone.ts";
import {
  ScheduleService,
  type Schedule,
  type ScheduleExplanation,
} from "../shared/gen/orrery/v1/schedule_service_pb.ts";
import type { Decision } from "../shared/gen/orrery/v1/run_service_pb.ts";
import { required } from "./decoded-run.ts";
import { printChecks } from "./explanation-text.ts";
import { viewCheck, viewDecision } from "./explanation-view.ts";
import { viewEstimate } from "./forecast-view.ts";
import { grouped } from "./number-text.ts";
import type { TargetOptions } from "./options.ts";
import { printTable, type Cell } from "./table.ts";
import { withTarget } from "./target.ts";
import { printJson, type Terminal } from "./terminal.ts";

/** Says what becomes of an occurrence to come: its next one, or the first from a time on. */
export async function explainSchedule(
  terminal: Terminal,
  schedule: string,
  options: TargetOptions & { readonly at?: string; readonly json?: true },
): Promise<void> {
  await withTarget(terminal, options, async ({ api }) => {
    const known = await api.call(ScheduleService.method.get, { schedule });
    const wantedAt = options.at === undefined ? undefined : readTime(options.at, known);
    const at = wantedAt === undefined ? {} : { at: timestampFromMs(wantedAt) };
    const explanation = await api.call(ScheduleService.method.explain, { schedule, ...at });
    if (options.json === true) printJson(terminal, view(explanation));
    else print(terminal, explanation, { known, wantedAt });
  });
}

/** A time as the schedule's zone shows it, or an instant; one that the zone skips is its gap's end. */
function readTime(text: string, { timezone }: Schedule): Instant {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  const written = parseLocal(text);
  const zone = zoneNamed(timezone);
  if (written === undefined || zone === undefined) {
    throw new OrreryError(
      "USAGE",
      `--at ${text}: expected a time such as 2027-01-15T09:00, or with Z or an offset behind it`,
    );
  }
  const places = localToInstants(zone, written.local);
  return places.kind === "gap" ? places.endAt : places.instants[0];
}

function print(
  terminal: Terminal,
  explanation: ScheduleExplanation,
  { known, wantedAt }: { readonly known: Schedule; readonly wantedAt: Instant | undefined },
): void {
  const { schedule, fire, decision, checks, blockers, startsAt, estimate } = explanation;
  const rows: (readonly Cell[])[] = [["Schedule", schedule]];
  if (fire !== undefined) {
    const nominalAt = required(fire.nominalAt);
    const local = formatLocal(known.timezone, nominalAt);
    const other =
      wantedAt === undefined || wantedAt === nominalAt ? "" : "; the first from then on";
    rows.push(["Occurrence", `${local} (${formatInstant(nominalAt)})${other}`]);
  }
  if (decision !== undefined) rows.push(["Then", decisionText(decision)]);
  if (blockers.length > 0) rows.push(["Because of", blockers.join(", ")]);
  if (startsAt !== undefined) rows.push(["Starts", formatInstant(required(startsAt))]);
  if (estimate !== undefined) {
    const { units, seconds, source } = estimate;
    rows.push(["Estimate", `${grouped(units)} units in ${seconds} s, by ${source}`]);
  }
  printTable(terminal, rows);
  printChecks(terminal, checks);
}

function decisionText({ kind, state, reason, unitsHeld }: Decision): string {
  const why = reason === undefined ? "" : `: ${reason.text} [${reason.code}]`;
  switch (kind) {
    case "admit":
      return `it would start, holding ${grouped(unitsHeld)} units`;
    case "wait":
      return `it would wait${why}`;
    default:
      return `it would end ${state}${why}`;
  }
}

/** An explanation as programs read it: `orrery explain SCHEDULE --json` prints this. */
function view(explanation: ScheduleExplanation): object {
  const { schedule, fire, decision, checks, blockers, startsAt, estimate } = explanation;
  return {
    schedule,
    ...(fire === undefined
      ? {}
      : {
          nominalAt: formatInstant(required(fire.nominalAt)),
          effectiveAt: formatInstant(required(fire.effectiveAt)),
        }),
    ...(decision === undefined ? {} : { decision: viewDecision(decision) }),
    ...(startsAt === undefined ? {} : { startsAt: formatInstant(required(startsAt)) }),
    blockers,
    ...(estimate === undefined ? {} : { estimate: viewEstimate(estimate) }),
    checks: checks.map(viewCheck),
  };
}
