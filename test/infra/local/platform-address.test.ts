import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../../infra/local/manifest.ts";
import { Platform, type PlatformOptions } from "../../../infra/local/platform.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { aFolder } from "./a-front.ts";

const upload = { project: projectId("demo"), sha256: "0".repeat(64), bytes: 1 };

/** What signed URLs begin with, and where the platform listens. */
async function addressesOf(
  test: Closing,
  options: Partial<PlatformOptions>,
): Promise<{ readonly listens: string; readonly url: string }> {
  const whole: PlatformOptions = {
    dataDirectory: aFolder(test),
    manifest: readManifest(readFileSync("serverless.yaml", "utf8")),
    host: "127.0.0.1",
    port: 0,
    lines: { write: () => undefined },
    log: "story",
    ...options,
  };
  const platform = await Platform.open(whole);
  test.onTestFinished(async () => {
    await platform.stop();
  });
  let listens = "";
  await platform.run(whole, (address) => (listens = address));
  return {
    listens,
    url: await platform.services.files.uploadUrl(upload, plusMs(realClock.now(), 1)),
  };
}

describe("a signed URL of a platform", () => {
  it("leads to where the platform listens", async (test) => {
    const { listens, url } = await addressesOf(test, {});

    expect(url.startsWith(`${listens}/files/`)).toBe(true);
  });

  it("leads to where clients reach it instead, where that is told", async (test) => {
    const { url } = await addressesOf(test, { publicUrl: "https://box.example.org/orrery" });

    expect(url.startsWith("https://box.example.org/orrery/files/")).toBe(true);
  });
});
