import { createProcessExecutor } from "../../../shared/adapters/process/process-executor.ts";
import type { StartRequest } from "../../../shared/ports/executor.ts";
import { processEngine } from "./process-world.ts";

/** A platform of its own for tests that kill one: starts what it is told and then stays alive. */
const [directory = "", request = ""] = process.argv.slice(2);
const executor = createProcessExecutor(processEngine(directory));
await executor.start(JSON.parse(request) as StartRequest);
process.stdout.write("started\n");
setInterval(() => undefined, 60_000);
