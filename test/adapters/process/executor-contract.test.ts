import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import type { Progress } from "../../../shared/ports/executor.ts";
import { describeExecutor, eventually, type Behaviour } from "../../contract/executor.ts";
import { aJob } from "../../support/builders.ts";
import { processWorld } from "./process-world.ts";

/** Appends a line for every beginning; `listening` appears once its traps are set. */
function commandFor(behaviour: Behaviour, root: string): string {
  const begin = `basename "$(dirname "$(dirname "$PWD")")" >>${root}/beginnings`;
  const listen = `basename "$(dirname "$(dirname "$PWD")")" >>${root}/listening`;
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

describeExecutor("the process executor", async () => {
  const world = await processWorld();
  const lines = async (name: string): Promise<readonly string[]> =>
    (await readFile(join(world.root, name), "utf8").catch(() => "")).split("\n");
  return {
    executor: world.executor,
    reopen: () => world.reopen(),
    jobThat: (behaviour) =>
      aJob({
        command: commandFor(behaviour, world.root),
        root: world.root,
        outputs: behaviour.does === "exit" ? [{ path: "result.txt" }] : [],
      }),
    refusedJob: aJob({ command: "true", root: world.root, dockerImage: "cr.yandex/image" }),
    beginnings: async (attempt) =>
      (await lines("beginnings")).filter((line) => line === attempt).length,
    listening: async (attempt) => {
      await eventually(async () =>
        (await lines("listening")).includes(attempt) ? true : undefined,
      );
    },
    dispose: async () => await world.dispose(),
  };
});
