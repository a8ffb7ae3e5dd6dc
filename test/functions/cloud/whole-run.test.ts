import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { objectEvent, timerEvent } from "../../../infra/local/trigger-events.ts";
import { formatInstant, plusMs } from "../../../shared/core/time/instant.ts";
import { Home } from "../../e2e/home.ts";
import { SdkClient } from "../../e2e/sdk-client.ts";
import { SdkJobs } from "../../e2e/sdk-jobs.ts";
import { Cloud } from "../../support/cloud.ts";
import { realClock } from "../../support/real-clock.ts";

const LONG = 300_000;

it(
  "takes a schedule from the bucket to its notification, through nothing but bundles",
  { timeout: LONG },
  async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", "version: 1\nschedules: {}\n");
    const platform = home.up();
    const client = await SdkClient.of(home, platform);
    const { projectId } = await SdkJobs.of(client);
    const cloud = await Cloud.of(test, {
      token: (await readFile(join(home.data, "token"), "utf8")).trim(),
      datasphere: { endpoint: client.endpoint, ca: join(home.data, "tls", "ca.pem") },
    });
    const at = plusMs(realClock.now(), 15_000);
    await cloud.put("config/jobs/hello.sh", "echo hello from $1\n");
    await cloud.put(
      "config/orrery.yaml",
      `
version: 1
defaults: { project: ${projectId}, timezone: UTC }
schedules:
  once:
    when: { at: "${formatInstant(at)}" }
    timeout: 5m
    job: { cmd: "sh \${SCRIPT} there", inputs: [{ jobs/hello.sh: SCRIPT }] }
notifications:
  told: { on: [run.succeeded], log: {} }
`,
    );
    const call = { id: "event-1", at: realClock.now() };

    const applied = await cloud.call(
      "apply",
      objectEvent([{ kind: "create", key: "config/orrery.yaml" }], call),
    );
    expect(applied.json, cloud.told()).toContain("once");
    const ticked = await cloud.call("tick", timerEvent("minute", call));
    expect(JSON.parse(ticked.json), cloud.told()).toMatchObject({ runs: 1 });
    await cloud.deliverUntil("a notification", () =>
      cloud.lines.some((line) => line.includes('"name":"notification"')),
    );

    expect(cloud.calls.filter(({ outcome }) => outcome.status !== 200)).toEqual([]);
    expect(new Set(cloud.calls.map(({ name }) => name))).toEqual(
      new Set(["apply", "tick", "submit", "watch", "notify"]),
    );
  },
);
