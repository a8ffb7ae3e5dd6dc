import { lockDataDirectory } from "../../../infra/local/wiring.ts";

/** Takes the lock of the data directory in its argument, says so, and keeps it until it is killed. */
const [, , directory = ""] = process.argv;
if (lockDataDirectory(directory) === undefined) throw new Error("Somebody else has the lock");
process.stdout.write("locked\n");
setInterval(() => undefined, 60_000);
