import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { main } from "../../cli/main.ts";
import { processTerminal } from "../../cli/process-terminal.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { startReceiver } from "./receiver.ts";

/**
 * `npm start`: a receiver of notifications, and `orrery up` with the schedules beside this file.
 * The receiver's port stands in orrery.yaml too; whoever needs another one changes both.
 */
const port = Number(process.env["QUICKSTART_RECEIVER_PORT"] ?? 7071);

const secret = `whsec_${randomBytes(24).toString("base64")}`;
process.env["QUICKSTART_WEBHOOK_SECRET"] = secret;
const out = (line: string): void => processTerminal.out(line);
/** In the columns of the platform's own story. */
const tell = (line: string): void =>
  out(`${new Date().toISOString().slice(11, 19)}  ${"receiver".padEnd(16)}  ${line}`);

const receiver = await startReceiver({ port, secret, tell }).catch((error: unknown) => {
  processTerminal.err(`The receiver cannot listen on port ${port}: ${messageOf(error)}`);
  processTerminal.err("Another quickstart may be running; stop it first.");
  process.exit(1);
});
out(`The example's receiver listens on ${receiver.address}`);
const config = fileURLToPath(new URL("orrery.yaml", import.meta.url));
process.exitCode = await main(processTerminal, [
  "up",
  "--config",
  config,
  ...process.argv.slice(2),
]);
receiver.close();
