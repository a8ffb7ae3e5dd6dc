import { Command, CommanderError } from "commander";
import { cancelCommand } from "./commands/cancel.ts";
import { deliveriesCommand } from "./commands/deliveries.ts";
import { deployCommand } from "./commands/deploy.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { dstCommand } from "./commands/dst.ts";
import { explainCommand } from "./commands/explain.ts";
import { forecastCommand } from "./commands/forecast.ts";
import { invokeCommand } from "./commands/invoke.ts";
import { ledgerCommand } from "./commands/ledger.ts";
import { logsCommand } from "./commands/logs.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { nextCommand } from "./commands/next.ts";
import { pauseCommand } from "./commands/pause.ts";
import { rejectedCommand } from "./commands/rejected.ts";
import { resumeCommand } from "./commands/resume.ts";
import { retryCommand } from "./commands/retry.ts";
import { runCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { schedulesCommand } from "./commands/schedules.ts";
import { schemaCommand } from "./commands/schema.ts";
import { sendCommand } from "./commands/send.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { showCommand } from "./commands/show.ts";
import { skipCommand } from "./commands/skip.ts";
import { staggerCommand } from "./commands/stagger.ts";
import { tokenCommand } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { usageCommand } from "./commands/usage.ts";
import { validateCommand } from "./commands/validate.ts";
import { EXIT, reportError, type Terminal } from "./terminal.ts";

/** Runs one command line and resolves to its exit code. */
export async function main(terminal: Terminal, args: readonly string[]): Promise<number> {
  try {
    await program(terminal).parseAsync(args, { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.invalid;
    return reportError(terminal, error);
  }
}

function program(terminal: Terminal): Command {
  const root = new Command("orrery")
    .description(
      "A job scheduler for Yandex DataSphere that holds every project to its unit limits.",
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showHelpAfterError("Run `orrery help` or `orrery help COMMAND` to see how it is used.")
    .addHelpText("after", TEACHING);
  for (const [heading, commands] of commandGroups(terminal)) {
    for (const command of commands) {
      for (const part of command.commands) part.copyInheritedSettings(root);
      root.addCommand(command.copyInheritedSettings(root).helpGroup(heading));
    }
  }
  return root.commandsGroup("Help:").helpCommand("help [command]", "show how a command is used");
}

/** In the order in which a newcomer needs them. */
function commandGroups(terminal: Terminal): readonly (readonly [string, readonly Command[]])[] {
  return [
    [
      "Before anything runs:",
      [
        validateCommand(terminal),
        nextCommand(terminal),
        simulateCommand(terminal),
        dstCommand(terminal),
        staggerCommand(terminal),
        schemaCommand(terminal),
      ],
    ],
    [
      "Make something run:",
      [
        upCommand(terminal),
        runCommand(terminal),
        sendCommand(terminal),
        retryCommand(terminal),
        cancelCommand(terminal),
      ],
    ],
    [
      "Keep a schedule from running:",
      [pauseCommand(terminal), resumeCommand(terminal), skipCommand(terminal)],
    ],
    [
      "See what happened, and why:",
      [
        runsCommand(terminal),
        showCommand(terminal),
        logsCommand(terminal),
        explainCommand(terminal),
        usageCommand(terminal),
        forecastCommand(terminal),
        ledgerCommand(terminal),
        schedulesCommand(terminal),
        deliveriesCommand(terminal),
        rejectedCommand(terminal),
      ],
    ],
    ["Who may call the API:", [tokenCommand(terminal)]],
    [
      "Look after an installation:",
      [
        deployCommand(terminal),
        doctorCommand(terminal),
        invokeCommand(terminal),
        migrateCommand(terminal),
      ],
    ],
  ];
}

const TEACHING = `
Start here:
  orrery validate orrery.yaml          is the file right?
  orrery next orrery.yaml              when would its schedules fire?
  orrery up --config orrery.yaml       run the platform; leave it running
  orrery runs                          in a second terminal: what has run?

Commands find a platform's data in .orrery, in --data, or in ORRERY_DATA. They
read and write it themselves, beside a running platform and without one. With
--store, or ORRERY_STORE, the state is in that YDB database; with --endpoint, or
ORRERY_ENDPOINT, they work on a deployed platform instead.

Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 a platform
already runs.`;
