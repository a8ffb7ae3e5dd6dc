#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
const NODE_MIN = [22, 15] as const;

/**
 * The command. Everything else is loaded after the version check: an older Node would fail on a
 * module it does not have, and say nothing a person can use.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  process.stderr.write(
    `orrery: this is Node ${process.versions.node}, and Node ${NODE_MIN.join(".")} or newer is needed\n`,
  );
  process.exitCode = 1;
} else {
  const { endWithReader, processTerminal } = await import("./process-terminal.ts");
  const { main } = await import("./main.ts");
  endWithReader();
  process.exitCode = await main(processTerminal, process.argv.slice(2));
}
