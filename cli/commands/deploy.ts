import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { OrreryError } from "../../shared/core/errors.ts";
import { loadConfiguration } from "../configuration.ts";
import { packageFolder } from "../package-file.ts";
import type { Terminal } from "../terminal.ts";

interface DeployOptions {
  readonly config?: string;
  readonly terraform?: string;
  readonly plan?: true;
  readonly yes?: true;
}

/** `orrery deploy`: the whole way from these files to a platform that works. */
export function deployCommand(terminal: Terminal): Command {
  return new Command("deploy")
    .summary("deploy the platform to Yandex Cloud")
    .description(
      "Builds the functions, applies the Terraform configuration, brings the database's schema up to " +
        "date, uploads the schedules file with the folder around it, and waits until the platform " +
        "works. Repeating it is harmless. It needs terraform, and yc or the variables that " +
        "docs/deploy.md lists; the folder to deploy to stands in terraform.tfvars.",
    )
    .option("-c, --config <file>", "the schedules YAML to upload; none leaves what is there")
    .option(
      "--terraform <folder>",
      "the Terraform configuration (default: the one of this package)",
    )
    .option("--plan", "show what would change, and change nothing")
    .option("-y, --yes", "apply without asking")
    .addHelpText(
      "after",
      "\nExamples:\n  orrery deploy --plan\n  orrery deploy --config orrery.yaml --yes",
    )
    .action(async (options: DeployOptions) => await run(terminal, options));
}

async function run(terminal: Terminal, options: DeployOptions): Promise<void> {
  const { config, plan = false, yes = false } = options;
  // Before anything is built: a wrong file would only be refused at the end.
  if (config !== undefined) await loadConfiguration(terminal, config);
  const root = packageFolder();
  // Loaded only here: it is most of what the clients of a cloud are.
  const { deploy } = await import("../../infra/deploy/deploy.ts");
  const { smokeTest } = await import("../deploy/smoke-test.ts");
  const say = (line: string): void => terminal.err(line);
  const installation = await deploy({
    root,
    terraform: resolve(options.terraform ?? join(root, "infra/terraform")),
    schedules: config,
    planOnly: plan,
    environment: process.env,
    say,
    confirm: async () => yes || (await confirmed()),
    smokeTest: async (deployed) => await smokeTest(deployed, say),
  });
  if (installation === undefined) {
    say("Nothing was changed.");
    return;
  }
  const { gatewayUrl } = installation;
  terminal.out(gatewayUrl);
  say(`It works. Commands reach it so: orrery runs --endpoint ${gatewayUrl}`);
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new OrreryError(
      "USAGE",
      "Nothing was changed: nobody is there to confirm the plan; give --yes to apply it unseen",
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question("Apply this plan? [y/N] ")).trim());
  } finally {
    lines.close();
  }
}
