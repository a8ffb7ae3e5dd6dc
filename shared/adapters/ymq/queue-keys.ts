import { OrreryError } from "../../core/errors.ts";
import type { QueueServiceOptions } from "./queue-client.ts";

/**
 * The keys that requests are signed with, by the names that every program for such services gives
 * them. Throws QUEUE_CREDENTIALS_MISSING, which names the variables and never what is in them.
 */
export function keysFrom(
  environment: Readonly<Record<string, string | undefined>>,
): QueueServiceOptions["credentials"] {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"] ?? "";
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"] ?? "";
  if (accessKeyId !== "" && secretAccessKey !== "") return { accessKeyId, secretAccessKey };
  const missing = [
    ...(accessKeyId === "" ? ["AWS_ACCESS_KEY_ID"] : []),
    ...(secretAccessKey === "" ? ["AWS_SECRET_ACCESS_KEY"] : []),
  ].join(" and ");
  throw new OrreryError(
    "QUEUE_CREDENTIALS_MISSING",
    `The queues need a key to sign requests with, and the environment lacks ${missing}: take a ` +
      "static access key of a service account; an emulator takes any value",
  );
}
