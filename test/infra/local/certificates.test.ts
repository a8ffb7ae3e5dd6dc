import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { caFile, serverCertificate } from "../../../infra/local/certificates.ts";
import { limits } from "../../../shared/core/limits.ts";
import { DAY_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { realClock } from "../../support/real-clock.ts";
import { Opened } from "../../support/opened.ts";
import { aFolder } from "./a-front.ts";

const now = realClock.now();
const hasOpenssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"]);
    return true;
  } catch {
    return false;
  }
})();

describe("a data directory's certificates", () => {
  it("are made once, and only this user can read their keys", async (test) => {
    const directory = aFolder(test);

    const made = await serverCertificate(directory, "127.0.0.1", now);
    const ca = readFileSync(caFile(directory), "utf8");
    const found = await serverCertificate(directory, "127.0.0.1", now);

    expect(found).toEqual(made);
    expect(readFileSync(caFile(directory), "utf8")).toBe(ca);
    const mode = (name: string): number => statSync(join(directory, "tls", name)).mode & 0o777;
    expect([mode("ca.key"), mode("server.key")]).toEqual([0o600, 0o600]);
    expect([mode("ca.pem"), mode("server.pem")]).toEqual([0o644, 0o644]);
  });

  it("name this machine as its clients do, and the host it listens on", async (test) => {
    const { certificate } = await serverCertificate(aFolder(test), "192.168.7.7", now);

    const parsed = new X509Certificate(certificate);

    for (const address of ["127.0.0.1", "::1", "192.168.7.7"]) {
      expect(parsed.checkIP(address)).toBeDefined();
    }
    expect(parsed.checkHost("localhost")).toBe("localhost");
    expect(parsed.checkHost("example.org")).toBeUndefined();
  });

  it.skipIf(!hasOpenssl)("pass the strictest check of openssl, for every name", async (test) => {
    const directory = aFolder(test);
    await serverCertificate(directory, "127.0.0.1", now);
    const leaf = join(directory, "tls", "server.pem");
    const check = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", caFile(directory)];

    for (const name of [
      ["-verify_hostname", "localhost"],
      ["-verify_ip", "127.0.0.1"],
      ["-verify_ip", "::1"],
    ]) {
      expect(execFileSync("openssl", [...check, ...name, leaf], { encoding: "utf8" })).toBe(
        `${leaf}: OK\n`,
      );
    }
  });

  it("are renewed from the same authority where the server's ends soon", async (test) => {
    const directory = aFolder(test);
    const first = await serverCertificate(directory, "127.0.0.1", now);
    const ca = readFileSync(caFile(directory), "utf8");
    const endsAt = plusMs(now, limits.serverCertificateMs);
    const justInTime = plusMs(endsAt, -limits.certificateRenewMs - DAY_MS);
    const soon = plusMs(endsAt, -limits.certificateRenewMs + DAY_MS);

    expect(await serverCertificate(directory, "127.0.0.1", justInTime)).toEqual(first);
    const second = await serverCertificate(directory, "127.0.0.1", soon);

    expect(second).not.toEqual(first);
    expect(readFileSync(caFile(directory), "utf8")).toBe(ca);
    const authority = new X509Certificate(ca);
    expect(new X509Certificate(second.certificate).verify(authority.publicKey)).toBe(true);
  });

  it("are renewed where the platform listens on a host that they do not name", async (test) => {
    const directory = aFolder(test);
    await serverCertificate(directory, "127.0.0.1", now);
    const ca = readFileSync(caFile(directory), "utf8");

    const { certificate } = await serverCertificate(directory, "box.example.org", now);

    expect(new X509Certificate(certificate).checkHost("box.example.org")).toBe("box.example.org");
    expect(readFileSync(caFile(directory), "utf8")).toBe(ca);
  });

  it.each([
    ["the authority ends soon", (): number => limits.caCertificateMs - DAY_MS, undefined],
    ["the authority's key is gone", (): number => 0, "ca.key"],
    ["the authority's certificate is damaged", (): number => 0, "ca.pem"],
  ])("are all made anew where %s", async (_what, later, damaged) => {
    await using opened = new Opened();
    const directory = aFolder(opened);
    await serverCertificate(directory, "127.0.0.1", now);
    const ca = readFileSync(caFile(directory), "utf8");
    if (damaged !== undefined) writeFileSync(join(directory, "tls", damaged), "damaged");

    const made = await serverCertificate(directory, "127.0.0.1", plusMs(now, later()));

    const renewed = readFileSync(caFile(directory), "utf8");
    expect(renewed).not.toBe(ca);
    const authority = new X509Certificate(renewed);
    expect(new X509Certificate(made.certificate).verify(authority.publicKey)).toBe(true);
  });

  it("serve on where only the server's own key was lost", async (test) => {
    const directory = aFolder(test);
    await serverCertificate(directory, "127.0.0.1", now);
    const ca = readFileSync(caFile(directory), "utf8");
    rmSync(join(directory, "tls", "server.key"));

    const { certificate, key } = await serverCertificate(directory, "127.0.0.1", now);

    expect(key).toContain("PRIVATE KEY");
    expect(new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(readFileSync(caFile(directory), "utf8")).toBe(ca);
  });
});
