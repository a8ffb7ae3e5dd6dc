import * as z from "zod";
import { OrreryError } from "../../shared/core/errors.ts";
import { failed, runFor, runShown, type ExternalCommand } from "./external-command.ts";

/** What an applied configuration says of the installation that it made. */
export interface Installation {
  /** Where the API is, without a slash at its end. */
  readonly gatewayUrl: string;
  /** The database's address, for `--store`. */
  readonly database: string;
  readonly bucket: string;
  /** The Lockbox secret with the API's token, under the key `token`. */
  readonly apiTokenSecret: string;
  /** Ids of functions, by their names in `serverless.yaml`. */
  readonly functions: Readonly<Record<string, string>>;
  /** URLs of queues by name; dead-letter queues are not among them. */
  readonly queues: Readonly<Record<string, string>>;
}

/** Terraform, on one folder of configuration. */
export interface Terraform {
  /** Fetches providers and modules; what is there already is kept. */
  init(): Promise<void>;
  /** Writes a plan to a file and shows it; whether it would change anything. */
  plan(file: string): Promise<boolean>;
  apply(file: string): Promise<void>;
  /** Throws DEPLOY_FAILED where nothing was applied yet. */
  installation(): Promise<Installation>;
}

const output = <T extends z.ZodType>(value: T) => z.object({ value });
const outputs = z.object({
  gateway_url: output(z.string().regex(/^https?:\/\//)),
  database: output(z.string().min(1)),
  bucket: output(z.string().min(1)),
  api_token_secret: output(z.string().min(1)),
  function_ids: output(z.record(z.string(), z.string())),
  queue_urls: output(z.record(z.string(), z.string())),
});

/** `-detailed-exitcode`: there is something to change. */
const CHANGES = 2;

export function terraformIn(directory: string): Terraform {
  const command = (...args: readonly string[]): ExternalCommand => ({
    program: "terraform",
    args: [`-chdir=${directory}`, ...args],
    from: "https://developer.hashicorp.com/terraform/install",
  });
  const shown = async (...args: readonly string[]): Promise<number> =>
    await runShown(command(...args));
  const must = async (...args: readonly string[]): Promise<void> => {
    const code = await shown(...args);
    if (code !== 0) throw failed(command(...args), `ended with exit code ${code}`);
  };
  return {
    init: async () => await must("init", "-input=false"),
    plan: async (file) => {
      const args = ["plan", "-input=false", "-detailed-exitcode", `-out=${file}`] as const;
      const code = await shown(...args);
      if (code !== 0 && code !== CHANGES) {
        throw failed(command(...args), `ended with exit code ${code}`);
      }
      return code === CHANGES;
    },
    apply: async (file) => await must("apply", "-input=false", file),
    installation: async () => {
      const printed = await runFor(command("output", "-json"));
      const read = outputs.safeParse(parsed(printed));
      if (!read.success) {
        throw new OrreryError(
          "DEPLOY_FAILED",
          `Terraform's outputs in ${directory} are not those of an installation: ${z.prettifyError(read.error)}`,
        );
      }
      const found = read.data;
      return {
        gatewayUrl: found.gateway_url.value.replace(/\/+$/, ""),
        database: found.database.value,
        bucket: found.bucket.value,
        apiTokenSecret: found.api_token_secret.value,
        functions: found.function_ids.value,
        queues: found.queue_urls.value,
      };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
