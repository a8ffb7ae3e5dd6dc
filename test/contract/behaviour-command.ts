import { formatInstant } from "../../shared/core/time/instant.ts";
import type { Progress } from "../../shared/ports/executor.ts";
import type { Behaviour } from "./executor.ts";

/** A shell program that behaves so; `begin` tells that it began, `listen` that its traps are set. */
export function behaviourCommand(
  behaviour: Behaviour,
  { begin, listen }: { readonly begin: string; readonly listen: string },
): string {
  const wait = "while :; do sleep 0.02; done";
  switch (behaviour.does) {
    case "exit":
      return [
        begin,
        ...(behaviour.prints === undefined ? [] : [`printf '%s' '${behaviour.prints}'`]),
        ...(behaviour.output === undefined
          ? []
          : [`printf '%s' '${behaviour.output}' >result.txt`]),
        ...(behaviour.reports === undefined ? [] : [reported(behaviour.reports)]),
        `exit ${behaviour.code}`,
      ].join("\n");
    case "wait":
      return `${begin}\ntrap 'exit ${behaviour.codeWhenAsked}' TERM\n${listen}\n${wait}`;
    case "resist":
      return `${begin}\ntrap '' TERM\n${listen}\n${wait}`;
  }
}

function reported({ message, percent, at }: Progress): string {
  const line = JSON.stringify({ progress: percent, message, create_time: formatInstant(at) });
  return `echo '${line}' >>"$JOB_PROGRESS_FILENAME"`;
}
