import { X509Certificate, createPrivateKey } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isIP } from "node:net";
import { limits } from "../../shared/core/limits.ts";
import type { Instant } from "../../shared/core/time/instant.ts";

/** A certificate and its private key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Where a data directory keeps the certificate that clients are told to trust. */
export function caFile(directory: string): string {
  return join(directory, "tls", "ca.pem");
}

/** What an SDK calls a platform that listens on this address: a name that the certificate has. */
export function sdkEndpoint(address: string): string {
  const { hostname: host, port } = new URL(address);
  return `${LOCAL_HOSTS.includes(host) ? "localhost" : host}:${port === "" ? 80 : port}`;
}

const LOCAL_HOSTS: readonly string[] = ["127.0.0.1", "[::1]", "0.0.0.0", "[::]"];

/**
 * The certificate under which a data directory's platform serves TLS, and its key. The first start
 * makes an authority of its own, which clients trust, and a certificate from it for `localhost`, the
 * loopback addresses and `host`. Later starts find both; the certificate is renewed from the same
 * authority where it ends soon or lacks a name.
 */
export async function serverCertificate(
  directory: string,
  host: string,
  now: Instant,
): Promise<KeyPair> {
  const folder = join(directory, "tls");
  const names = namesFor(host);
  const known = readPair(folder, "ca");
  const ca = known !== undefined && lasts(known, now) ? known : undefined;
  const found = readPair(folder, "server");
  if (ca !== undefined && found !== undefined && serves(found, ca, { names, now })) return found;
  // 350 KB of code that a start needs once a year.
  const { makeAuthority, makeServerCertificate } = await import("./make-certificate.ts");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const authority = ca ?? (await makeAuthority(now));
  if (ca === undefined) writePair(folder, "ca", authority);
  const made = await makeServerCertificate(authority, names, now);
  writePair(folder, "server", made);
  return made;
}

/** What clients may call this machine. Who listens everywhere is called by the machine's name too. */
function namesFor(host: string): readonly string[] {
  const own = ["0.0.0.0", "::"].includes(host) ? hostname() : host;
  return [...new Set(["localhost", "127.0.0.1", "::1", own])];
}

function serves(
  { certificate }: KeyPair,
  ca: KeyPair,
  wanted: { readonly names: readonly string[]; readonly now: Instant },
): boolean {
  const parsed = new X509Certificate(certificate);
  const covers = (name: string): boolean =>
    (isIP(name) === 0 ? parsed.checkHost(name) : parsed.checkIP(name)) !== undefined;
  return (
    lasts({ certificate }, wanted.now) &&
    parsed.verify(new X509Certificate(ca.certificate).publicKey) &&
    wanted.names.every(covers)
  );
}

function lasts({ certificate }: Pick<KeyPair, "certificate">, now: Instant): boolean {
  const endsMs = Date.parse(new X509Certificate(certificate).validTo);
  return endsMs - now > limits.certificateRenewMs;
}

/** A certificate with the key that belongs to it; undefined where either is missing or damaged. */
function readPair(folder: string, name: string): KeyPair | undefined {
  try {
    const certificate = readFileSync(join(folder, `${name}.pem`), "utf8");
    const key = readFileSync(join(folder, `${name}.key`), "utf8");
    const matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return matches ? { certificate, key } : undefined;
  } catch {
    // Whatever cannot be used is made anew.
    return undefined;
  }
}

/** The key first: a certificate without its key, which a crash could leave, would be no use. */
function writePair(folder: string, name: string, pair: KeyPair): void {
  writeWhole(join(folder, `${name}.key`), pair.key, 0o600);
  writeWhole(join(folder, `${name}.pem`), pair.certificate, 0o644);
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
