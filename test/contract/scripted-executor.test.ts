import { systemClock } from "../../shared/adapters/system/system-clock.ts";
import type { StartRequest } from "../../shared/ports/executor.ts";
import { aJob } from "../support/builders.ts";
import { anOutput, ScriptedExecutor, type Script } from "../support/scripted-executor.ts";
import { describeExecutor, type Behaviour } from "./executor.ts";

/** The script that acts a behaviour out, at once where the behaviour lets it. */
function scriptOf(behaviour: Behaviour): Script {
  switch (behaviour.does) {
    case "exit": {
      const { code, prints = "", output, reports } = behaviour;
      const path = "result.txt";
      const missing = { path, type: "NOT_FOUND", description: "it was not written" } as const;
      return {
        runMs: 0,
        code,
        prints,
        collects: true,
        ...(reports === undefined ? {} : { progress: reports }),
        ...(output === undefined
          ? { outputErrors: [missing] }
          : { outputs: [anOutput(path, output)] }),
      };
    }
    case "wait":
      return { runMs: Infinity, codeWhenAsked: behaviour.codeWhenAsked };
    case "resist":
      return { runMs: Infinity };
  }
}

describeExecutor("the scripted executor", async () => {
  await Promise.resolve();
  // The behaviour travels in the command, which is all that an execution is told.
  const executor = new ScriptedExecutor(systemClock, ({ work }: StartRequest) =>
    work.kind === "job" ? scriptOf(JSON.parse(work.command) as Behaviour) : undefined,
  );
  const refusedJob = aJob({ command: "refused" });
  executor.refuse("refused", "It needs a container engine");
  return {
    executor,
    reopen: () => executor,
    jobThat: (behaviour) => aJob({ command: JSON.stringify(behaviour) }),
    refusedJob,
    beginnings: async (attempt) =>
      await Promise.resolve(executor.started.filter((each) => each === attempt).length),
    listening: async () => await Promise.resolve(),
    dispose: async () => await Promise.resolve(),
  };
});
