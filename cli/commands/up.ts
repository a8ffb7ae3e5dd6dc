import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { tokenFile } from "../../infra/local/api-token.ts";
import { caFile, sdkEndpoint } from "../../infra/local/certificates.ts";
import { WatchedFolder } from "../../infra/local/configuration-file.ts";
import { readManifest } from "../../infra/local/manifest.ts";
import type { Platform, PlatformOptions } from "../../infra/local/platform.ts";
import { WatchedBucket } from "../../infra/local/watched-bucket.ts";
import { openBucket, type PlatformBucket } from "../../infra/local/bucket-wiring.ts";
import { openDatasphere, type PlatformDatasphere } from "../../infra/local/datasphere-wiring.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import { readPackageFile } from "../package-file.ts";
import {
  bucketOption,
  dataOption,
  datasphereCaOption,
  datasphereOption,
  queueOf,
  queueOption,
  type StateOptions,
  storeOf,
  storeOption,
} from "../options.ts";
import type { Terminal } from "../terminal.ts";
import { checkSource, tellRejected, watchBucket, watchFolder } from "../watch-configuration.ts";

/** What a shell shows for a process that a signal ended: 128 and its number. */
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

interface UpOptions extends StateOptions {
  readonly config?: string;
  readonly queue?: string;
  readonly bucket?: string;
  readonly datasphere?: string;
  readonly datasphereCa?: string;
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
    .addOption(bucketOption())
    .addOption(datasphereOption())
    .addOption(datasphereCaOption())
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
  const { datasphere: address, datasphereCa: ca } = options;
  const bucket = isGiven(options.bucket) ? await openBucket(options.bucket) : undefined;
  let datasphere: PlatformDatasphere | undefined;
  try {
    datasphere = isGiven(address) ? await openDatasphere({ address, ca }) : undefined;
    await upOn(terminal, options, { bucket, datasphere });
  } finally {
    datasphere?.session.close();
    bucket?.close();
  }
}

/** What of the cloud a platform stands on. */
type Elsewhere = Pick<PlatformOptions, "bucket" | "datasphere">;

async function upOn(terminal: Terminal, options: UpOptions, elsewhere: Elsewhere): Promise<void> {
  // Read before anything is opened, so that a wrong file leaves everything as it was.
  const configured = await configurationOf(terminal, options, elsewhere.bucket);
  const platformOptions: PlatformOptions = {
    dataDirectory: resolve(options.data),
    store: storeOf(options),
    queue: queueOf(options),
    ...elsewhere,
    ...configured?.options,
    configured: (applied) => tellRejected(terminal, applied),
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
  let unwatch: (() => Promise<void>) | undefined;
  try {
    await platform.run(platformOptions, (address) => greet(terminal, platformOptions, address));
    unwatch = configured?.watch(platform);
    const ends = [stopped, platform.untilLost()];
    await Promise.race(options.untilIdle === true ? [...ends, platform.untilIdle()] : ends);
  } finally {
    await unwatch?.();
    const left = await platform.stop();
    if (left > 0) {
      const jobs = left === 1 ? "1 job goes" : `${left} jobs go`;
      terminal.err(
        `${jobs} on running; the next \`orrery up\` finds ${left === 1 ? "it" : "them"} again.`,
      );
    }
  }
}

/** Where a platform is configured from, and how its changes are noticed. */
interface Configured {
  readonly options: Pick<PlatformOptions, "configuration" | "firstChange">;
  readonly watch: (platform: Platform) => () => Promise<void>;
}

/** The file that `--config` names, else the bucket's own; CONFIG_INVALID where it has problems. */
async function configurationOf(
  terminal: Terminal,
  { config }: UpOptions,
  bucket: PlatformBucket | undefined,
): Promise<Configured | undefined> {
  if (config !== undefined) {
    const folder = new WatchedFolder(config);
    await checkSource(terminal, folder);
    return {
      options: { configuration: folder, firstChange: folder.change() },
      watch: (platform) => watchFolder(terminal, platform, folder),
    };
  }
  if (bucket === undefined) return undefined;
  const source = new WatchedBucket(bucket);
  // From before it is read, so that a change made while it is read counts as one.
  const { changes, seen } = await source.changes();
  seen();
  const key = `${source.prefix}${source.file}`;
  const firstChange = changes.find((change) => change.key === key);
  if (firstChange === undefined) {
    terminal.err(`There is no ${key} in ${bucket.address} yet: it is applied once it is there.`);
  } else {
    await checkSource(terminal, source);
  }
  return {
    options: { configuration: source, ...(firstChange === undefined ? {} : { firstChange }) },
    watch: (platform) => watchBucket(terminal, platform, source),
  };
}

/** An empty address, as an environment may have it, is none. */
function isGiven(address: string | undefined): address is string {
  return address !== undefined && address !== "";
}

function greet(terminal: Terminal, options: PlatformOptions, address: string): void {
  const { dataDirectory, store, queue, bucket, datasphere, log } = options;
  // Whoever collects JSON lines expects nothing else among them.
  const say = (line: string): void => (log === "json" ? terminal.err(line) : terminal.out(line));
  say(`Orrery listens on ${address} (health: ${address}/orrery/v1/health)`);
  say(`SDK endpoint: ${sdkEndpoint(address)}, trusting ${caFile(dataDirectory)}`);
  if (store !== undefined) say(`State is in ${store}`);
  if (queue !== undefined) say(`Queues are at ${queue}`);
  if (bucket !== undefined) say(`Files are in ${bucket.address}`);
  if (datasphere !== undefined) say(`Work is executed in DataSphere at ${datasphere.address}`);
  say(`Data is in ${dataDirectory}; the API token is in ${tokenFile(dataDirectory)}`);
  say("Ctrl-C stops it.");
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
