import { OrreryError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";

/** Where a bucket is. */
export interface BucketAddress {
  /** `https://HOST[:PORT]`, or `http://` where the host is this machine. */
  readonly endpoint: string;
  readonly bucket: string;
}

const RIGHT_FORM =
  "right is s3://HOST[:PORT]/BUCKET, such as s3://storage.yandexcloud.net/my-bucket (plain HTTP where HOST is this machine, else TLS)";

/** What S3 takes for the name of a bucket that is addressed by a path. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads the address of a bucket. Throws BUCKET_ADDRESS_INVALID, which says what is wrong and what is
 * right, and repeats neither a user name or password nor a parameter.
 */
export function parseBucketAddress(text: string): BucketAddress {
  if (text.includes("@")) {
    throw invalid("The bucket's address", "it has a user or password; keys come apart from it");
  }
  const url = URL.parse(text);
  if (url === null) throw invalid("The bucket's address", "it is no URL");
  const { protocol, host, hostname, port, pathname, search, hash } = url;
  const named = `The bucket's address ${protocol}//${host}${pathname}`;
  if (protocol !== "s3:") throw invalid(named, "its scheme is not s3");
  if (hostname === "") throw invalid(named, "it names no host");
  if (port === "0") throw invalid(named, "port 0 is no port of a server");
  if (search !== "" || hash !== "") throw invalid(named, "it has a parameter or a fragment");
  const bucket = pathname.slice(1).replace(/\/$/, "");
  if (!BUCKET_NAME.test(bucket)) {
    throw invalid(named, "its path is no bucket's name: 3 to 63 of a-z, 0-9, dots and dashes");
  }
  return { endpoint: `${isLoopback(host) ? "http" : "https"}://${host}`, bucket };
}

function invalid(named: string, problem: string): OrreryError {
  return new OrreryError(
    "BUCKET_ADDRESS_INVALID",
    `${named} cannot be used: ${problem}; ${RIGHT_FORM}`,
  );
}
