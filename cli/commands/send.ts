import { Command } from "commander";
import { DURABLE_QUEUE } from "../../infra/local/local-queue.ts";
import { openQueueService } from "../../infra/local/queue-wiring.ts";
import { localRandom } from "../../infra/local/wiring.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { PlatformService } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import { warnUnlessRunning, withNewData } from "../data.ts";
import {
  dataOption,
  endpointOption,
  inputOption,
  type Inputs,
  queueOf,
  queueOption,
  storeOption,
  type TargetOptions,
} from "../options.ts";
import { remoteTarget } from "../target.ts";
import type { Terminal } from "../terminal.ts";

interface SendOptions extends TargetOptions {
  readonly queue?: string;
  readonly id?: string;
  readonly input: Inputs;
  readonly body?: string;
}

/** `orrery send`: what another system does when it asks for a run by message. */
export function sendCommand(terminal: Terminal): Command {
  return new Command("send")
    .summary("put a message on the intake queue, as another system would")
    .description(
      "Puts a message on the intake queue and prints its id; from then on it survives any crash. " +
        "Nothing is checked here: a message that cannot become a run is set aside with the reason, " +
        "where `orrery rejected` shows it. A second message with the same --id makes no second run.",
    )
    .argument("[schedule]", "the schedule to run")
    .option("--id <id>", "the sender's own id for what it asks (default: a random one)")
    .addOption(inputOption())
    .option("--body <text>", "send this text as it is instead; - reads it from stdin")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(queueOption())
    .addOption(endpointOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery send nightly-train --id order-4711 --input DATE=2027-01-14\n" +
        '  orrery send --body \'{"schedule": "nightly-train"}\'\n  orrery send --body - < message.json',
    )
    .action(async (schedule: string | undefined, options: SendOptions) => {
      await send(terminal, schedule, options);
    });
}

async function send(
  terminal: Terminal,
  schedule: string | undefined,
  options: SendOptions,
): Promise<void> {
  const given = await givenBody(schedule, options);
  const queue = queueOf(options);
  const remote = await remoteTarget(options);
  if (remote !== undefined) {
    if (queue !== undefined) {
      throw new OrreryError(
        "USAGE",
        "Nothing was sent: give --endpoint (ORRERY_ENDPOINT) or --queue (ORRERY_QUEUE_ADDRESS), not both",
      );
    }
    if (given !== undefined) {
      throw new OrreryError(
        "USAGE",
        "Nothing was sent: over --endpoint a message names its schedule; a --body goes to the queue itself",
      );
    }
    const { id = "", input: inputs } = options;
    const request = { schedule: schedule ?? "", id, inputs };
    terminal.out((await remote.api.call(PlatformService.method.sendMessage, request)).id);
    return;
  }
  if (queue !== undefined) {
    // With an id of its own always: a message whose answer was lost is sent again, for one run.
    const id = options.id ?? localRandom.id();
    const body = given ?? JSON.stringify({ schedule, id, inputs: options.input });
    terminal.out(await post(queue, body));
    return;
  }
  await withNewData(terminal, options, async (data) => {
    const { clock, random } = data.services;
    // Never the sender's id: a repeat must not replace a message that is still on its way.
    const id = random.id();
    const body = given ?? JSON.stringify({ schedule, id: options.id ?? id, inputs: options.input });
    await data.journal.add(DURABLE_QUEUE, { id, body, sentAt: clock.now() });
    terminal.out(id);
    await warnUnlessRunning(terminal, data, "the message waits for the next `orrery up`");
  });
}

/** Puts a message on the intake queue of a service; resolves to the id that it has there. */
async function post(address: string, body: string): Promise<string> {
  const queues = await openQueueService(address);
  try {
    return await queues.post(DURABLE_QUEUE, body);
  } finally {
    queues.close();
  }
}

/** The body to send as it is, if one was given; it and a schedule exclude each other. */
async function givenBody(
  schedule: string | undefined,
  { body, id, input }: SendOptions,
): Promise<string | undefined> {
  if (body === undefined) {
    if (schedule !== undefined) return undefined;
    throw new OrreryError("USAGE", "Nothing was sent: name a schedule, or give a --body");
  }
  if (schedule !== undefined || id !== undefined || Object.keys(input).length > 0) {
    throw new OrreryError(
      "USAGE",
      "Nothing was sent: a --body goes as it is, without a schedule, --id or --input beside it",
    );
  }
  return body === "-" ? await readStdin() : body;
}

/** Stops reading where a message is too long anyway. */
async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > limits.queueMessageBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}
