import { OrreryError } from "../../core/errors.ts";
import type { BucketConnection } from "./bucket-client.ts";

/** The static key that an environment has for the object storage. Throws BUCKET_CREDENTIALS_MISSING. */
export function bucketCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): BucketConnection["credentials"] {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } =
    environment;
  const missing = [
    ...(accessKeyId === "" ? ["AWS_ACCESS_KEY_ID"] : []),
    ...(secretAccessKey === "" ? ["AWS_SECRET_ACCESS_KEY"] : []),
  ];
  if (missing.length === 0) return { accessKeyId, secretAccessKey };
  throw new OrreryError(
    "BUCKET_CREDENTIALS_MISSING",
    `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set: a bucket is opened with the static key of a service account`,
  );
}
