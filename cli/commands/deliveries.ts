import { Command, Option } from "commander";
import { formatInstant } from "../../shared/core/time/instant.ts";
import { DeliveryService, type Delivery } from "../../shared/gen/orrery/v1/delivery_service_pb.ts";
import { firstItems } from "../api-client.ts";
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
import { printTable, titles, type Cell } from "../table.ts";
import { printJson, type Style, type Terminal } from "../terminal.ts";

interface DeliveriesOptions extends TargetOptions {
  readonly subscription?: string;
  readonly state?: string;
  readonly limit: number;
  readonly json?: true;
}

const DETAIL_CHARS = 60;

/** `orrery deliveries`: notifications on their way, delivered or buried. */
export function deliveriesCommand(terminal: Terminal): Command {
  return new Command("deliveries")
    .summary("list notifications and what came of them")
    .description(
      "Lists the notifications of the live subscriptions: those still on their way, those that " +
        "arrived, and those that were buried after their last try, each with what the receiver " +
        "said last.",
    )
    .option("--subscription <name>", "only those of this subscription")
    .addOption(
      new Option("--state <state>", "only those in this state").choices([
        "pending",
        "delivered",
        "buried",
      ]),
    )
    .addOption(limitOption("-n, --limit <number>", "how many", 20))
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(endpointOption())
    .addHelpText("after", "\nExample:\n  orrery deliveries --state buried")
    .action(async (options: DeliveriesOptions) => {
      await withTarget(terminal, options, async ({ api }) => {
        const { subscription = "", state = "" } = options;
        const deliveries = await firstItems(options.limit, async (page) => {
          const request = { subscription, state, ...page };
          const { deliveries: items, nextPageToken } = await api.call(
            DeliveryService.method.list,
            request,
          );
          return { items, nextPageToken };
        });
        if (options.json === true) printJson(terminal, { deliveries: deliveries.map(view) });
        else if (deliveries.length === 0) terminal.out("There are no deliveries.");
        else printTable(terminal, [HEADER, ...deliveries.map(rowOf)]);
      });
    });
}

const HEADER = titles("DELIVERY", "TYPE", "STATE", "TRIES", "LAST TRY");

const STYLES: Readonly<Record<string, Style>> = {
  pending: "cyan",
  delivered: "green",
  buried: "red",
};

function rowOf(delivery: Delivery): readonly Cell[] {
  const last = delivery.tries.at(-1);
  return [
    delivery.delivery,
    delivery.type,
    { text: delivery.state, style: STYLES[delivery.state] ?? "yellow" },
    String(delivery.tries.length),
    last === undefined
      ? "-"
      : `${formatInstant(required(last.at))} ${oneLine(last.detail, DETAIL_CHARS)}`,
  ];
}

/** A delivery as programs read it. */
function view(delivery: Delivery): object {
  const { subscription, type, run, state, nextTryAt, tries } = delivery;
  return {
    delivery: delivery.delivery,
    subscription,
    type,
    run,
    state,
    ...(nextTryAt === undefined ? {} : { nextTryAt: formatInstant(required(nextTryAt)) }),
    tries: tries.map(({ at, delivered, detail }) => ({
      at: formatInstant(required(at)),
      delivered,
      detail,
    })),
  };
}
