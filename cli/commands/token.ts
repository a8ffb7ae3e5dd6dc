import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Command, InvalidArgumentError, Option } from "commander";
import { formatInstant, parseInstant, type Instant } from "../../shared/core/time/instant.ts";
import { PlatformService, type Token } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { firstItems } from "../api-client.ts";
import { withTarget, withNewTarget } from "../target.ts";
import { required } from "../decoded-run.ts";
import {
  dataOption,
  jsonOption,
  limitOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface CreateOptions extends TargetOptions {
  readonly type: string;
  readonly expires?: Instant;
  readonly json?: true;
}

interface ListOptions extends TargetOptions {
  readonly limit: number;
  readonly json?: true;
}

/** `orrery token`: who may call the API, and as whom. */
export function tokenCommand(terminal: Terminal): Command {
  return new Command("token")
    .summary("make, list and delete tokens of the API")
    .description(
      "Manages bearer tokens. A token stands for a subject, and access bindings say what that " +
        "subject may do. The data directory's own token, in the file `token`, may do everything.",
    )
    .addHelpText("after", "\nExample:\n  orrery token create anna")
    .addHelpText("after", "\nExample:\n  orrery token create anna")
    .addCommand(createCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(deleteCommand(terminal));
}

function createCommand(terminal: Terminal): Command {
  return new Command("create")
    .description("Makes a token for a subject and prints it, this once: only its hash is kept.")
    .argument("<subject>", "the subject's id, as access bindings name it")
    .addOption(
      new Option("--type <type>", "what the subject is")
        .choices(["userAccount", "serviceAccount", "federatedUser"])
        .default("userAccount"),
    )
    .option("--expires <instant>", "when it stops working, such as 2027-01-31T00:00:00Z", instantOf)
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery token create anna --expires 2027-06-30T00:00:00Z")
    .action(async (subjectId: string, options: CreateOptions) => {
      await withNewTarget(terminal, options, async ({ api }) => {
        const { expires, type: subjectType } = options;
        const { token, secret } = await api.call(PlatformService.method.createToken, {
          subjectId,
          subjectType,
          ...(expires === undefined ? {} : { expiresAt: timestampFromMs(expires) }),
        });
        if (options.json !== true) terminal.out(secret);
        else printJson(terminal, { ...(token === undefined ? {} : view(token)), secret });
      });
    });
}

function listCommand(terminal: Terminal): Command {
  return new Command("list")
    .description("Lists the tokens that work, without their secrets.")
    .addOption(limitOption("-n, --limit <number>", "how many", 100))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .action(async (options: ListOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const tokens = await firstItems(options.limit, async (page) => {
          const { tokens: items, nextPageToken } = await api.call(
            PlatformService.method.listTokens,
            page,
          );
          return { items, nextPageToken };
        });
        if (options.json === true) printJson(terminal, { tokens: tokens.map(view) });
        else if (tokens.length === 0) terminal.out("There are no tokens but the platform's own.");
        else
          printTable(terminal, [
            titles("TOKEN", "SUBJECT", "TYPE", "EXPIRES"),
            ...tokens.map(rowOf),
          ]);
      });
    });
}

function deleteCommand(terminal: Terminal): Command {
  return new Command("delete")
    .description("Makes a token worth nothing; one that is gone already is fine.")
    .argument("<token>", "the token's id, as `orrery token list` shows it")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .action(async (tokenId: string, options: TargetOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        await api.call(PlatformService.method.deleteToken, { tokenId });
        terminal.out(`Token ${tokenId} is worth nothing now.`);
      });
    });
}

function instantOf(text: string): Instant {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new InvalidArgumentError("Expected an instant such as 2027-01-31T00:00:00Z.");
}

function rowOf(token: Token): readonly Cell[] {
  const { id, subjectId, subjectType, expiresAt } = token;
  const expires = expiresAt === undefined ? "never" : formatInstant(required(expiresAt));
  return [id, subjectId, subjectType, expires];
}

/** A token as programs read it. */
function view(token: Token): object {
  const { id, subjectId, subjectType, createdAt, expiresAt } = token;
  return {
    token: id,
    subject: subjectId,
    type: subjectType,
    createdAt: formatInstant(required(createdAt)),
    ...(expiresAt === undefined ? {} : { expiresAt: formatInstant(required(expiresAt)) }),
  };
}
