import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { AttemptId } from "../../../shared/core/ids.ts";
import { behaviourCommand } from "../../contract/behaviour-command.ts";
import { describeExecutor, eventually, type Behaviour } from "../../contract/executor.ts";
import { aJob } from "../../support/builders.ts";
import { Opened } from "../../support/opened.ts";
import { Executors, Upstream } from "./upstream.ts";

const opened = new Opened();
let upstream: Upstream;
beforeAll(async () => {
  upstream = await Upstream.open(opened);
});
afterAll(async () => await opened[Symbol.asyncDispose]());

let worlds = 0;

/** Every world has its own files, by which its programs tell how far they are. */
function commandFor(behaviour: Behaviour, place: string): string {
  return behaviourCommand(behaviour, {
    begin: `echo begun >>${place}-beginnings`,
    listen: `echo listening >>${place}-listening`,
  });
}

describeExecutor(
  "the datasphere executor",
  async () => {
    const test = new Opened();
    const executors = await Executors.of(test, upstream);
    worlds += 1;
    const place = join(upstream.folder, `world-${worlds}`);
    const lines = async (name: string): Promise<number> => {
      const text = await readFile(`${place}-${name}`, "utf8").catch(() => "");
      return text.split("\n").length - 1;
    };
    return {
      executor: executors.make(),
      project: executors.project,
      reopen: () => executors.make(),
      jobThat: (behaviour) =>
        aJob({
          command: commandFor(behaviour, place),
          root: upstream.folder,
          outputs: behaviour.does === "exit" ? [{ path: "result.txt" }] : [],
          gracefulShutdown: { signal: "SIGTERM", timeoutMs: 10_000 },
        }),
      refusedJob: aJob({ inputs: [{ path: "missing" }], root: upstream.folder }),
      beginnings: async (attempt: AttemptId) => (attempt === "" ? 0 : await lines("beginnings")),
      listening: async () => {
        await eventually(async () => ((await lines("listening")) > 0 ? true : undefined));
      },
      dispose: async () => await test[Symbol.asyncDispose](),
    };
  },
  { isElsewhere: true },
);
