import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiToken, tokenFile } from "../../../infra/local/api-token.ts";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "orrery-token-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("a data directory's token", () => {
  it("is made by the first start, for this user alone", () => {
    const token = apiToken(directory, systemRandom);

    expect(token).toMatch(/^[a-z0-9]{40}$/);
    expect(readFileSync(tokenFile(directory), "utf8")).toBe(`${token}\n`);
    expect(statSync(tokenFile(directory)).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["token"]);
  });

  it("is the same at every later start", () => {
    const first = apiToken(directory, systemRandom);

    expect(apiToken(directory, systemRandom)).toBe(first);
  });

  it("stays what a person made it", () => {
    writeFileSync(tokenFile(directory), "my-own-token\n");

    expect(apiToken(directory, systemRandom)).toBe("my-own-token");
    expect(readFileSync(tokenFile(directory), "utf8")).toBe("my-own-token\n");
  });

  it("is never empty, whatever a crash or a full disk left behind", () => {
    writeFileSync(tokenFile(directory), "\n");

    expect(apiToken(directory, systemRandom)).toMatch(/^[a-z0-9]{40}$/);
  });
});
