import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { behaviourCommand } from "../../contract/behaviour-command.ts";
import { describeExecutor, eventually, type Behaviour } from "../../contract/executor.ts";
import { aJob } from "../../support/builders.ts";
import { processWorld } from "./process-world.ts";

/** Appends a line for every beginning; `listening` appears once its traps are set. */
function commandFor(behaviour: Behaviour, root: string): string {
  const line = `basename "$(dirname "$(dirname "$PWD")")"`;
  return behaviourCommand(behaviour, {
    begin: `${line} >>${root}/beginnings`,
    listen: `${line} >>${root}/listening`,
  });
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
