import { join, resolve } from "node:path";
import { Command } from "commander";
import { readManifest } from "../../infra/local/manifest.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import type { Finding } from "../../shared/core/finding.ts";
import { askPlatform, proxyFinding, unreached } from "../doctor/checks.ts";
import { counted } from "../one-line.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { packageFolder, readPackageFile } from "../package-file.ts";
import { withTarget } from "../target.ts";
import { printJson, type Style, type Terminal } from "../terminal.ts";

interface DoctorOptions extends TargetOptions {
  readonly terraform?: string | true;
  readonly json?: true;
}

/** `orrery doctor`: does an installation work, and what is there to do where it does not? */
export function doctorCommand(terminal: Terminal): Command {
  return new Command("doctor")
    .summary("look whether an installation works")
    .description(
      "Looks at each part of an installation: whether it answers, its store and its clock, whether " +
        "the tick comes, what it was told to do and what it could not do; and says what to do about " +
        "whatever is wrong. It changes nothing. Exits with 1 where a part has failed.",
    )
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .option(
      "--terraform [folder]",
      "look at the parts that Terraform made, too (default: the configuration of this package)",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  orrery doctor\n  orrery doctor --endpoint https://d5d….apigw.yandexcloud.net\n" +
        "  orrery doctor --terraform",
    )
    .action(async (options: DoctorOptions) => await doctor(terminal, options));
}

async function doctor(terminal: Terminal, options: DoctorOptions): Promise<void> {
  const deployed = await deployedParts(options);
  const findings = [
    proxyFinding(process.env),
    ...(await platformFindings(terminal, { ...options, ...deployed?.endpoint })),
    ...(deployed?.findings ?? []),
  ];
  if (options.json === true) printJson(terminal, { findings });
  else for (const finding of findings) print(terminal, finding);
  const failed = findings.filter(({ status }) => status === "failed").length;
  if (failed === 0) return;
  throw new OrreryError("INSTALLATION_UNSOUND", `${counted(failed, "check")} failed`);
}

/** What whoever deployed an installation can see of it, and where it answers. */
async function deployedParts({ terraform, endpoint }: DoctorOptions): Promise<
  | {
      readonly endpoint: Pick<TargetOptions, "endpoint">;
      readonly findings: readonly Finding[];
    }
  | undefined
> {
  if (terraform === undefined) return undefined;
  const folder = terraform === true ? join(packageFolder(), "infra/terraform") : resolve(terraform);
  // Loaded only here: they are the clients of a cloud.
  const [{ terraformIn }, { inspect }] = await Promise.all([
    import("../../infra/deploy/terraform.ts"),
    import("../../infra/deploy/inspect.ts"),
  ]);
  const installation = await terraformIn(folder).installation();
  const manifest = readManifest(readPackageFile("serverless.yaml"));
  const findings = await inspect({ installation, manifest, environment: process.env });
  return { endpoint: { endpoint: endpoint ?? installation.gatewayUrl }, findings };
}

async function platformFindings(
  terminal: Terminal,
  options: DoctorOptions,
): Promise<readonly Finding[]> {
  try {
    return await withTarget(terminal, options, async (target) => {
      const findings = await askPlatform(target);
      await target.warnUnlessRunning("nothing fires before the next `orrery up`");
      return findings;
    });
  } catch (error) {
    // How it was asked is wrong, and not the platform.
    if (error instanceof OrreryError && HOW.has(error.code)) throw error;
    return [unreached(error)];
  }
}

const HOW: ReadonlySet<string> = new Set(["USAGE", "DATA_NOT_FOUND", "STORE_ADDRESS_INVALID"]);

const MARKS: Readonly<Record<Finding["status"], readonly [string, Style]>> = {
  ok: ["ok", "green"],
  warning: ["warning", "yellow"],
  failed: ["FAILED", "red"],
};

function print(terminal: Terminal, { check, status, text, remedy }: Finding): void {
  const [mark, style] = MARKS[status];
  terminal.out(`${terminal.dress(style, mark.padEnd(8))} ${check.padEnd(14)} ${text}`);
  if (remedy !== undefined) terminal.out(`${" ".repeat(24)}to do: ${remedy}`);
}
