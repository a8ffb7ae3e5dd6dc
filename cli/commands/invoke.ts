import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { Command, Option } from "commander";
import { Instance, type Outcome } from "../../infra/invoke/instance.ts";
import { isSample, sampleEvent, SAMPLES } from "../../infra/invoke/samples.ts";
import { type FunctionManifest, readManifest } from "../../infra/local/manifest.ts";
import { localClock } from "../../infra/local/wiring.ts";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { DAY_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { wholeNumber } from "../options.ts";
import { packageFolder, readPackageFile } from "../package-file.ts";
import type { Terminal } from "../terminal.ts";

interface InvokeOptions {
  readonly event: string;
  readonly body: string;
  readonly path?: string;
  readonly env?: string;
  readonly timeout?: number;
  readonly repeat: number;
  readonly freeze: number;
  readonly bundles?: string;
}

const REPEAT_MAX = 1_000;
const SECONDS_MAX = DAY_MS / SECOND_MS;

/** `orrery invoke`: calls a built function as the cloud's runtime does. */
export function invokeCommand(terminal: Terminal): Command {
  return new Command("invoke")
    .summary("call a built function as the cloud's runtime does")
    .description(
      "Calls a function of serverless.yaml as it is deployed: unpacked into an empty folder, in a\n" +
        "process of its own that sees the variables of --env and no others, frozen whenever no call\n" +
        "is under way. Its result goes to standard output, what it logs to standard error.",
    )
    .argument("<function>", "its name in serverless.yaml")
    .requiredOption(
      "-e, --event <file>",
      `the event in JSON, or a sample: ${SAMPLES.join(", ")}; - reads standard input`,
    )
    .option("--body <text>", "what the message of the sample `queue` says", "{}")
    .option("--path <path>", "the key of the sample `object`, or the path of `http`")
    .option("--env <file>", "the function's environment, a NAME=VALUE on each line")
    .addOption(
      new Option("--timeout <seconds>", "instead of the one in serverless.yaml").argParser(
        wholeNumber(1, SECONDS_MAX),
      ),
    )
    .addOption(
      new Option("--repeat <times>", "call one instance so often")
        .argParser(wholeNumber(1, REPEAT_MAX))
        .default(1),
    )
    .addOption(
      new Option("--freeze <seconds>", "stay frozen so long between two calls")
        .argParser(wholeNumber(0, SECONDS_MAX))
        .default(0),
    )
    .option("--bundles <directory>", "where the functions were built into")
    .addHelpText(
      "after",
      "\nThe IAM token in YC_TOKEN, if there is one, comes with each call.\n\n" +
        "Examples:\n  orrery invoke tick --event timer --env cloud.env\n" +
        "  orrery invoke watch --event message.json --env cloud.env --repeat 2 --freeze 30",
    )
    .action(async (name: string, options: InvokeOptions) => {
      await invoke(terminal, name, options);
    });
}

async function invoke(terminal: Terminal, name: string, options: InvokeOptions): Promise<void> {
  const called = manifestOf(name);
  const token = process.env["YC_TOKEN"] ?? "";
  const instance = await Instance.make({
    called,
    bundle: bundleOf(name, options.bundles),
    environment: environmentOf(options.env),
    token: token === "" ? undefined : token,
    timeoutMs: options.timeout === undefined ? called.timeoutMs : options.timeout * SECOND_MS,
    clock: localClock,
    print: (_, bytes) => terminal.bytes("stderr", bytes),
  });
  let failures = 0;
  try {
    const event = eventOf(options);
    for (let call = 1; call <= options.repeat; call++) {
      if (call > 1) await instance.rest(options.freeze * SECOND_MS);
      const outcome = await instance.call(event);
      if (outcome.status !== 200) failures++;
      report(terminal, name, outcome);
    }
  } finally {
    await instance.stop();
  }
  if (failures > 0) {
    const calls = options.repeat === 1 ? "The call" : `${failures} of ${options.repeat} calls`;
    throw new OrreryError("FUNCTION_FAILED", `${calls} of ${name} failed`);
  }
}

function report(
  terminal: Terminal,
  name: string,
  { status, json, tookMs, loadedMs }: Outcome,
): void {
  const loaded = loadedMs === undefined ? "" : `, loaded in ${Math.round(loadedMs)} ms`;
  terminal.err(`${name}: ${status} in ${Math.round(tookMs)} ms${loaded}`);
  terminal.out(json);
}

function manifestOf(name: string): FunctionManifest {
  const { functions } = readManifest(readPackageFile("serverless.yaml"));
  const found = functions.find((each) => each.name === name);
  if (found !== undefined) return found;
  const known = functions.map((each) => each.name).join(", ");
  throw new OrreryError("USAGE", `There is no function ${name}: serverless.yaml has ${known}`);
}

function bundleOf(name: string, bundles = join(packageFolder(), "dist/functions")): string {
  const folder = resolve(bundles, name);
  if (existsSync(join(folder, "index.js"))) return folder;
  throw new OrreryError(
    "USAGE",
    `${name} is not built: there is no ${join(folder, "index.js")}. Run \`npm run build\` first`,
  );
}

function environmentOf(file: string | undefined): Readonly<Record<string, string>> {
  if (file === undefined) return {};
  const values = parseEnv(read(file, "environment"));
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function eventOf({ event, body, path }: InvokeOptions): unknown {
  if (isSample(event)) return sampleEvent(event, { at: localClock.now(), body, path });
  try {
    return JSON.parse(read(event === "-" ? 0 : event, "event")) as unknown;
  } catch (error) {
    if (error instanceof OrreryError) throw error;
    throw new OrreryError("USAGE", `The event in ${event} is no JSON: ${messageOf(error)}`);
  }
}

function read(file: string | number, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new OrreryError("USAGE", `The ${what} cannot be read: ${messageOf(error)}`);
  }
}
