import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** A request as an object storage sees it before it believes any of it. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Why a request is refused, by the code of S3, or undefined where its signature is right.
 * Written from the description of AWS Signature Version 4, and apart from any SDK.
 */
export function refusedBecause(
  request: SignedRequest,
  keys: Keys,
  nowMs: number,
): string | undefined {
  const url = new URL(request.url, "http://host");
  const isUrl = url.searchParams.has("X-Amz-Signature");
  const claims = isUrl ? ofQuery(url) : ofHeader(request.headers);
  if (claims === undefined) return "AccessDenied";
  const [id, date, region, service] = claims.credential.split("/");
  if (id !== keys.accessKeyId) return "InvalidAccessKeyId";
  if (isUrl && nowMs >= instantOf(claims.at) + claims.expiresMs) return "AccessDenied";
  // A header that is not signed may have been added by anybody.
  const unsigned = Object.keys(request.headers).filter(
    (name) => name.startsWith("x-amz-") && !claims.signed.includes(name),
  );
  if (unsigned.length > 0) return "AccessDenied";
  const payload = isUrl ? "UNSIGNED-PAYLOAD" : String(request.headers["x-amz-content-sha256"]);
  if (payload !== "UNSIGNED-PAYLOAD" && payload !== sha256(request.body)) {
    return "XAmzContentSHA256Mismatch";
  }
  const scope = [date, region, service, "aws4_request"].join("/");
  const text = [
    "AWS4-HMAC-SHA256",
    claims.at,
    scope,
    sha256(canonical(request, url, claims.signed, payload)),
  ].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) =>
      createHmac("sha256", secret)
        .update(part ?? "")
        .digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const right = createHmac("sha256", key).update(text).digest("hex");
  return right === claims.signature ? undefined : "SignatureDoesNotMatch";
}

interface Claims {
  readonly credential: string;
  readonly signed: readonly string[];
  readonly signature: string;
  /** `20270115T000000Z`. */
  readonly at: string;
  readonly expiresMs: number;
}

function ofQuery({ searchParams: query }: URL): Claims {
  return {
    credential: query.get("X-Amz-Credential") ?? "",
    signed: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get("X-Amz-Signature") ?? "",
    at: query.get("X-Amz-Date") ?? "",
    expiresMs: Number(query.get("X-Amz-Expires")) * 1_000,
  };
}

function ofHeader(headers: IncomingHttpHeaders): Claims | undefined {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers.authorization ?? "",
    );
  if (found === null) return undefined;
  const [, credential = "", signed = "", signature = ""] = found;
  const at = String(headers["x-amz-date"]);
  return { credential, signed: signed.split(";"), signature, at, expiresMs: 0 };
}

function canonical(
  { method, headers }: SignedRequest,
  url: URL,
  signed: readonly string[],
  payload: string,
): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .toSorted();
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? "").trim()}`);
  return [
    method,
    url.pathname
      .split("/")
      .map((part) => encoded(decodeURIComponent(part)))
      .join("/"),
    query.join("&"),
    ...lines,
    "",
    signed.join(";"),
    payload,
  ].join("\n");
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function instantOf(at: string): number {
  return Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
