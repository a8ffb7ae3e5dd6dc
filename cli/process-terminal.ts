import { styleText } from "node:util";
import type { Terminal } from "./terminal.ts";

/** The terminal of this process. */
export const processTerminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  bytes: (stream, bytes) => void process[stream].write(bytes),
  // It looks at the stream, and at NO_COLOR.
  dress: (style, text) => styleText(style, text, { stream: process.stdout }),
};

/** Ends this process quietly once nobody reads its output any more, as in `orrery runs | head`. */
export function endWithReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}
