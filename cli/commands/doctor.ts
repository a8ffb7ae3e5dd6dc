import { Command } from "commander";
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
import { withTarget } from "../target.ts";
import { printJson, type Style, type Terminal } from "../terminal.ts";

interface DoctorOptions extends TargetOptions {
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
    .addHelpText(
      "after",
      "\nExamples:\n  orrery doctor\n  orrery doctor --endpoint https://d5d….apigw.yandexcloud.net",
    )
    .action(async (options: DoctorOptions) => await doctor(terminal, options));
}

async function doctor(terminal: Terminal, options: DoctorOptions): Promise<void> {
  const findings = [proxyFinding(process.env), ...(await platformFindings(terminal, options))];
  if (options.json === true) printJson(terminal, { findings });
  else for (const finding of findings) print(terminal, finding);
  const failed = findings.filter(({ status }) => status === "failed").length;
  if (failed === 0) return;
  throw new OrreryError("INSTALLATION_UNSOUND", `${counted(failed, "check")} failed`);
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
