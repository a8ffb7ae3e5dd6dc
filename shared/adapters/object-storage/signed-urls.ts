import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { limits } from "../../core/limits.ts";
import { SECOND_MS } from "../../core/time/duration.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Upload } from "../../ports/files.ts";
import type { BucketClient } from "./bucket-client.ts";
import { bucketKeys } from "./bucket-keys.ts";

/**
 * A URL that takes one PUT of so many bytes, whoever sends it: the length is a signed header, which
 * every HTTP client sends by itself. A hash would be one that none sends (U1).
 */
export async function signUpload(
  client: BucketClient,
  { project, sha256, bytes }: Upload,
  expiresAt: Instant,
): Promise<string> {
  const request = new PutObjectCommand({
    Bucket: client.bucket,
    Key: bucketKeys.incoming(project, sha256),
    ContentLength: bytes,
  });
  const { getSignedUrl } = await presigner();
  return await getSignedUrl(client.s3, request, lifeOf(client, expiresAt));
}

/** A URL that gives an object out, as a file of that name. */
export async function signDownload(
  client: BucketClient,
  { key, name }: { readonly key: string; readonly name: string },
  expiresAt: Instant,
): Promise<string> {
  const request = new GetObjectCommand({
    Bucket: client.bucket,
    Key: key,
    ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeName(name)}`,
    ResponseContentType: "application/octet-stream",
  });
  const { getSignedUrl } = await presigner();
  return await getSignedUrl(client.s3, request, lifeOf(client, expiresAt));
}

/** Loaded only here: most functions sign nothing. */
async function presigner(): Promise<{ readonly getSignedUrl: typeof getSignedUrl }> {
  return await import("@aws-sdk/s3-request-presigner");
}

function lifeOf(
  { clock }: BucketClient,
  expiresAt: Instant,
): { readonly signingDate: Date; readonly expiresIn: number } {
  // No URL lives less than a second: one that has expired already was signed before that.
  const signedAt = Math.min(clock.now(), expiresAt - SECOND_MS);
  const lifeMs = Math.min(expiresAt - signedAt, limits.bucketUrlMs);
  return { signingDate: new Date(signedAt), expiresIn: Math.floor(lifeMs / SECOND_MS) };
}

/** The last name of a path, for RFC 5987. */
function encodeName(path: string): string {
  const name = path.split("/").at(-1) ?? path;
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*!]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
