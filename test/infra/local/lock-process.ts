import { lockDataDirectory } from "../../../infra/local/wiring.ts";

/** Takes the lock of the data directory in its argument, says so, and keeps it until it is killed. */
const [, , directory = ""] = process.argv;
const unlock = lockDataDirectory(directory);
if (unlock === undefined) throw new Error("Somebody else has the lock");
process.stdout.write("locked\n");
// It holds on to the lock too: what nobody refers to any more is collected, and let go.
setInterval(() => unlock, 60_000);
