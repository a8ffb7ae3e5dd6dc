import { Command } from "commander";
import { formatInstant } from "../../shared/core/time/instant.ts";
import type { Rejection } from "../../shared/records/rejection-record.ts";
import { listRejections } from "../../shared/usecases/list-rejections.ts";
import { withData } from "../data.ts";
import { oneLine } from "../one-line.ts";
import { dataOption, jsonOption, limitOption } from "../options.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface RejectedOptions {
  readonly data: string;
  readonly limit: number;
  readonly json?: true;
}

/** `orrery rejected`: messages that could not become work. */
export function rejectedCommand(terminal: Terminal): Command {
  return new Command("rejected")
    .summary("list messages that were set aside")
    .description(
      "Lists messages that could not become work on any queue, the one sent last first, each with " +
        "the reason and its beginning. They are kept for 35 days. To try again, send a corrected one.",
    )
    .addOption(limitOption("-n, --limit <number>", "how many", 20))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addHelpText("after", "\nExample:\n  orrery rejected --limit 5")
    .action(async (options: RejectedOptions) => {
      await withData(terminal, options.data, async ({ services }) => {
        const rejections = await listRejections(services, options.limit);
        if (options.json === true) printJson(terminal, { rejections: rejections.map(view) });
        else if (rejections.length === 0) terminal.out("No message was set aside.");
        else for (const rejection of rejections) print(terminal, rejection);
      });
    });
}

function print(terminal: Terminal, rejection: Rejection): void {
  const { sentAt, source, id, reason, excerpt } = rejection;
  terminal.out(`${formatInstant(sentAt)}  ${source}  ${terminal.dress("bold", oneLine(id))}`);
  terminal.out(`  ${oneLine(reason)}`);
  terminal.out(`  ${terminal.dress("gray", oneLine(excerpt))}`);
}

function view(rejection: Rejection): object {
  const { source, id, sentAt, rejectedAt, reason, excerpt } = rejection;
  return {
    source,
    id,
    sentAt: formatInstant(sentAt),
    rejectedAt: formatInstant(rejectedAt),
    reason,
    excerpt,
  };
}
