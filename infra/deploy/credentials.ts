import { OrreryError } from "../../shared/core/errors.ts";
import { runFor } from "./external-command.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where `yc` is to be had. */
export const YC = "https://yandex.cloud/docs/cli/quickstart";

/** An IAM token of whoever deploys: `YC_TOKEN`, as Terraform takes it too, else a new one from `yc`. */
async function iamToken(environment: Environment): Promise<string> {
  const given = environment["YC_TOKEN"] ?? "";
  if (given !== "") return given;
  return (await runFor({ program: "yc", args: ["iam", "create-token"], from: YC })).trim();
}

/** The API's token: `ORRERY_TOKEN`, else what Lockbox keeps, through `yc`. */
export async function apiToken(environment: Environment, secret: string): Promise<string> {
  const given = environment["ORRERY_TOKEN"] ?? "";
  if (given !== "") return given.trim();
  const args = ["lockbox", "payload", "get", "--id", secret, "--key", "token"];
  return (await runFor({ program: "yc", args, from: YC })).trim();
}

const KEY_NAMES = [
  ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
  ["YC_STORAGE_ACCESS_KEY", "YC_STORAGE_SECRET_KEY"],
  ["YC_MESSAGE_QUEUE_ACCESS_KEY", "YC_MESSAGE_QUEUE_SECRET_KEY"],
] as const;

/** The static key of whoever deploys, by the names that the SDKs and Terraform know. */
export function staticKey(environment: Environment): {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
} {
  for (const [id, secret] of KEY_NAMES) {
    const accessKeyId = environment[id] ?? "";
    const secretAccessKey = environment[secret] ?? "";
    if (accessKeyId !== "" && secretAccessKey !== "") return { accessKeyId, secretAccessKey };
  }
  const names = KEY_NAMES.map((pair) => pair.join(" with ")).join(", or ");
  throw new OrreryError("DEPLOY_FAILED", `There is no static key for the bucket: set ${names}`);
}

/** The database's credentials: its own variable where there is one, else those of whoever deploys. */
export async function databaseEnvironment(environment: Environment): Promise<Environment> {
  const names = [
    "YDB_ACCESS_TOKEN_CREDENTIALS",
    "YDB_METADATA_CREDENTIALS",
    "YDB_ANONYMOUS_CREDENTIALS",
  ];
  if (names.some((name) => (environment[name] ?? "") !== "")) return environment;
  return { ...environment, YDB_ACCESS_TOKEN_CREDENTIALS: await iamToken(environment) };
}
