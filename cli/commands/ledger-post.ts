import { Command, InvalidArgumentError, Option } from "commander";
import { assert } from "../../shared/core/assert.ts";
import { limits } from "../../shared/core/limits.ts";
import { UsageService, type PostedEntry } from "../../shared/gen/orrery/v1/usage_service_pb.ts";
import type { ApiClient } from "../api-client.ts";
import { ENTRY_TITLES, entryRow, viewEntry } from "../entry-view.ts";
import {
  dataOption,
  endpointOption,
  jsonOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { printTable } from "../table.ts";
import { withTarget } from "../target.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface PostOptions extends TargetOptions {
  readonly reason: string;
  readonly id: string;
  readonly json?: true;
}

/** `orrery ledger top-up`: adds to a balance. */
export function topUpCommand(terminal: Terminal): Command {
  return postCommand("top-up")
    .description(
      "Adds units to a project's balance. Runs that wait for them are looked at at once. A project " +
        "without a balance has nothing to add to: set one first.",
    )
    .argument("<project>", "the project's id")
    .argument("<units>", "how many, above zero", unitsOf(1n))
    .addOption(reasonOption("why, such as an invoice's number").default(""))
    .action(async (project: string, units: bigint, options: PostOptions) => {
      await post(terminal, options, async (api) => {
        const request = { project, units, reason: options.reason, id: options.id };
        return await api.call(UsageService.method.topUp, request);
      });
    });
}

/** `orrery ledger adjust`: corrects a balance. */
export function adjustCommand(terminal: Terminal): Command {
  return postCommand("adjust")
    .description(
      "Corrects a project's balance by units that were spent or given back elsewhere: below zero takes " +
        "them away. The balance may fall below zero; then nothing starts until it is topped up.",
    )
    .argument("<project>", "the project's id")
    .argument("<units>", "how many, such as -500", unitsOf(-MOST))
    .addOption(reasonOption("why; whoever reads the ledger wants to know").makeOptionMandatory())
    .addHelpText("after", '\nExample:\n  orrery ledger adjust demo -500 --reason "ran by hand"')
    .action(async (project: string, units: bigint, options: PostOptions) => {
      await post(terminal, options, async (api) => {
        const request = { project, units, reason: options.reason, id: options.id };
        return await api.call(UsageService.method.adjust, request);
      });
    });
}

/** `orrery ledger set-balance`: says what is left, or that nothing limits it. */
export function setBalanceCommand(terminal: Terminal): Command {
  return postCommand("set-balance")
    .description(
      "Sets what a project may still spend, held units included; `unlimited` takes the balance away. " +
        "It stays until the schedules file says another balance than it said before.",
    )
    .argument("<project>", "the project's id")
    .argument("<units>", "how many from 0 on, or unlimited", balanceOf)
    .addOption(reasonOption("why").default(""))
    .action(async (project: string, balance: Balance, options: PostOptions) => {
      await post(terminal, options, async (api) => {
        const request = { project, ...balance, reason: options.reason, id: options.id };
        return await api.call(UsageService.method.setBalance, request);
      });
    });
}

function postCommand(name: string): Command {
  return new Command(name)
    .addOption(
      new Option(
        "--id <id>",
        "your own id for this; the same again changes nothing (default: every call is new)",
      ).default("", ""),
    )
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption());
}

async function post(
  terminal: Terminal,
  options: PostOptions,
  call: (api: ApiClient) => Promise<PostedEntry>,
): Promise<void> {
  await withTarget(terminal, options, async ({ api }) => {
    const { entry, repeated } = await call(api);
    assert(entry !== undefined, "the API answers with the entry");
    if (options.json === true) {
      printJson(terminal, { entry: viewEntry(entry), repeated });
      return;
    }
    printTable(terminal, [ENTRY_TITLES, entryRow(entry)]);
    if (repeated) terminal.err(`The id ${options.id} was used before, for this: nothing changed.`);
  });
}

function reasonOption(what: string): Option {
  return new Option("--reason <text>", what).argParser((text: string) => {
    if (text.length <= limits.ledgerReasonChars) return text;
    throw new InvalidArgumentError(`A reason has at most ${limits.ledgerReasonChars} characters.`);
  });
}

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

function unitsOf(least: bigint): (text: string) => bigint {
  return (text) => {
    const units = /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
    if (units !== undefined && units >= least && units <= MOST && (least >= 0n || units !== 0n)) {
      return units;
    }
    const range = least < 0n ? `-${MOST} to ${MOST}, and not 0` : `${least} to ${MOST}`;
    throw new InvalidArgumentError(`Expected whole units, ${range}.`);
  };
}

type Balance = { readonly units: bigint } | Record<string, never>;

function balanceOf(text: string): Balance {
  return text === "unlimited" ? {} : { units: unitsOf(0n)(text) };
}
