import { Command } from "commander";
import { formatInstant } from "../../shared/core/time/instant.ts";
import { PlatformService, type Rejection } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { withTarget } from "../target.ts";
import { required } from "../decoded-run.ts";
import { oneLine } from "../one-line.ts";
import {
  dataOption,
  jsonOption,
  limitOption,
  type TargetOptions,
  storeOption,
  endpointOption,
} from "../options.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface RejectedOptions extends TargetOptions {
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
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery rejected --limit 5")
    .action(async (options: RejectedOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const { rejections } = await api.call(PlatformService.method.listRejections, {
          pageSize: BigInt(options.limit),
        });
        if (options.json === true) printJson(terminal, { rejections: rejections.map(view) });
        else if (rejections.length === 0) terminal.out("No message was set aside.");
        else for (const rejection of rejections) print(terminal, rejection);
      });
    });
}

function print(terminal: Terminal, rejection: Rejection): void {
  const { sentAt, source, id, reason, excerpt } = rejection;
  terminal.out(
    `${formatInstant(required(sentAt))}  ${source}  ${terminal.dress("bold", oneLine(id))}`,
  );
  terminal.out(`  ${oneLine(reason)}`);
  terminal.out(`  ${terminal.dress("gray", oneLine(excerpt))}`);
}

function view(rejection: Rejection): object {
  const { source, id, sentAt, rejectedAt, reason, excerpt } = rejection;
  return {
    source,
    id,
    sentAt: formatInstant(required(sentAt)),
    rejectedAt: formatInstant(required(rejectedAt)),
    reason,
    excerpt,
  };
}
