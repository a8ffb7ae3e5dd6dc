import { valueOf, type Environment, type Variable } from "../environment.ts";

/** The one region of the cloud's queues and object storage. */
export const REGION = "ru-central1";

const ABOUT = "the static access key of the function's service account, from a Lockbox secret";

export const KEY_ID: Variable = { name: "AWS_ACCESS_KEY_ID", about: ABOUT };
export const SECRET_KEY: Variable = { name: "AWS_SECRET_ACCESS_KEY", about: ABOUT };

/** What signs requests to queues and object storage: neither takes the account's own token. */
export function staticKey(environment: Environment): {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
} {
  return {
    accessKeyId: valueOf(KEY_ID, environment),
    secretAccessKey: valueOf(SECRET_KEY, environment),
  };
}
