import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { tokenFile } from "../../infra/local/api-token.ts";
import { caFile, sdkEndpoint } from "../../infra/local/certificates.ts";
import { fingerprints, type Trail } from "../../infra/local/configuration-file.ts";
import { readManifest } from "../../infra/local/manifest.ts";
import type { Platform, PlatformOptions } from "../../infra/local/platform.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { loadConfiguration } from "../configuration.ts";
import { readPackageFile } from "../package-file.ts";
import {
  dataOption,
  queueOf,
  queueOption,
  type StateOptions,
  storeOf,
  storeOption,
} from "../options.ts";
import type { Terminal } from "../terminal.ts";
import { watchFile } from "../watch-file.ts";

/** What a shell shows for a process that a signal ended: 128 and its number. */
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

interface UpOptions extends StateOptions {
  readonly config?: string;
  readonly queue?: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly untilIdle?: true;
  readonly log: "story" | "json";
}

/** `orrery up`: runs the platform until somebody stops it, or until nothing is left to do. */
export function upCommand(terminal: Terminal): Command {
  return new Command("up")
    .summary("run the platform on this machine")
    .description(
      "Runs the platform: timers, queues and HTTP from serverless.yaml, and the DataSphere API over\n" +
        "gRPC and HTTP, with TLS and without, on one port; everything it keeps is in\n" +
        "one data directory. With --config the file becomes the live configuration, now and whenever\n" +
        "it changes; a wrong one is reported and the live one stays.",
    )
    .option("-c, --config <file>", "the schedules YAML to apply and to watch")
    .addOption(dataOption())
    .addOption(storeOption())
    .addOption(queueOption())
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("-p, --port <number>", "the port to listen on; 0 takes a free one", parsePort, 7070)
    .option(
      "--public-url <url>",
      "what signed URLs begin with, where it is not the address",
      parseUrl,
    )
    .option("--until-idle", "exit 0 once nothing is live and nothing is due within a minute")
    .addOption(
      new Option("--log <form>", "a story for people, or JSON lines for a log collector")
        .choices(["story", "json"])
        .default("story"),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  orrery up --config orrery.yaml\n  orrery up --config orrery.yaml --data /var/lib/orrery --until-idle",
    )
    .action(async (options: UpOptions) => await up(terminal, options));
}

async function up(terminal: Terminal, options: UpOptions): Promise<void> {
  const { config } = options;
  const trail: Trail = new Map();
  // Read before anything is opened, so that a wrong file leaves everything as it was.
  const configuration =
    config === undefined ? undefined : await loadConfiguration(terminal, config, trail);
  const platformOptions: PlatformOptions = {
    dataDirectory: resolve(options.data),
    store: storeOf(options),
    queue: queueOf(options),
    manifest: readManifest(readPackageFile("serverless.yaml")),
    host: options.host,
    port: options.port,
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    lines: { write: (line) => terminal.out(line) },
    log: options.log,
  };
  // Loaded only here: no other command needs the platform, and it is the largest part of the program.
  const { Platform: LocalPlatform } = await import("../../infra/local/platform.ts");
  const platform = await LocalPlatform.open(platformOptions);
  const stopped = untilSignal(platform.services.clock);
  const watches: (() => void)[] = [];
  try {
    if (configuration !== undefined) await platform.apply(configuration);
    await platform.run(platformOptions, (address) => greet(terminal, platformOptions, address));
    if (config !== undefined) {
      watches.push(watchConfiguration(terminal, platform, { file: config, trail }));
    }
    const ends = [stopped, platform.untilLost()];
    await Promise.race(options.untilIdle === true ? [...ends, platform.untilIdle()] : ends);
  } finally {
    for (const stop of watches) stop();
    const left = await platform.stop();
    if (left > 0) {
      const jobs = left === 1 ? "1 job goes" : `${left} jobs go`;
      terminal.err(
        `${jobs} on running; the next \`orrery up\` finds ${left === 1 ? "it" : "them"} again.`,
      );
    }
  }
}

function greet(terminal: Terminal, options: PlatformOptions, address: string): void {
  const { dataDirectory, store, queue, log } = options;
  // Whoever collects JSON lines expects nothing else among them.
  const say = (line: string): void => (log === "json" ? terminal.err(line) : terminal.out(line));
  say(`Orrery listens on ${address} (health: ${address}/orrery/v1/health)`);
  say(`SDK endpoint: ${sdkEndpoint(address)}, trusting ${caFile(dataDirectory)}`);
  if (store !== undefined) say(`State is in ${store}`);
  if (queue !== undefined) say(`Queues are at ${queue}`);
  say(`Data is in ${dataDirectory}; the API token is in ${tokenFile(dataDirectory)}`);
  say("Ctrl-C stops it.");
}

/**
 * Applies the file again whenever it or a job's file it names changes; problems are printed and the
 * live configuration stays.
 */
function watchConfiguration(
  terminal: Terminal,
  platform: Platform,
  { file, trail }: { readonly file: string; readonly trail: Trail },
): () => void {
  let latest = trail;
  return watchFile({
    clock: platform.services.clock,
    fingerprint: () => fingerprints(latest).now,
    applied: fingerprints(trail).read,
    changed: async () => {
      latest = new Map();
      try {
        await platform.apply(await loadConfiguration(terminal, file, latest));
      } catch (error) {
        terminal.err(`The live configuration stays as it was: ${messageOf(error)}`);
      }
      return fingerprints(latest).read;
    },
  });
}

/**
 * Resolves at the first Ctrl-C or SIGTERM; another one, some time later, ends the process at once.
 * `npm start` hands on a Ctrl-C that the terminal has sent to us too, and those two are one wish.
 */
async function untilSignal(clock: Clock): Promise<void> {
  let stoppingSinceMs: number | undefined;
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        const nowMs = clock.monotonicMs();
        stoppingSinceMs ??= nowMs;
        if (nowMs - stoppingSinceMs > limits.signalEchoMs) process.exit(EXIT_BY_SIGNAL[signal]);
        resolve();
      });
    }
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("a port is a number from 0 to 65535");
}

function parseUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") {
    return url.href.replace(/\/+$/, "");
  }
  throw new InvalidArgumentError("a URL begins with http:// or https:// and has no query");
}
