import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startFauxqs } from "fauxqs";
import { describe, expect, it, vi } from "vitest";
import { smokeTest } from "../../cli/deploy/smoke-test.ts";
import { deploy, type DeployOptions } from "../../infra/deploy/deploy.ts";
import { orrery } from "../cli/cli-world.ts";
import { fakeTools } from "../infra/deploy/fake-tools.ts";
import { startDouble } from "../support/ydb/start-double.ts";
import { Home } from "./home.ts";

const SCHEDULES = `
version: 1
defaults: { project: demo }
schedules:
  yearly:
    when: "0 0 1 1 *"
    job: ./jobs/hello/config.yaml
`;

describe("a deployment", () => {
  it("is over once the platform works with the schedules that were uploaded", async (test) => {
    const emulator = await startFauxqs({ port: 0, logger: false, init: { buckets: ["files"] } });
    test.onTestFinished(async () => await emulator.stop());
    const double = await startDouble();
    test.onTestFinished(async () => await double.close());
    const database = double.url("/local");
    const key = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
    // What plays the cloud: it has no schedules of its own, and looks into the bucket for them.
    const home = await Home.of(test);
    const bucket = `s3://127.0.0.1:${emulator.port}/files`;
    const where = ["--store", database, "--bucket", bucket, "--data", home.data, "--port", "0"];
    const platform = home.start({ args: ["up", ...where], environment: key });
    const endpoint = await platform.address();
    const tools = await fakeTools(test, {
      gateway_url: { value: endpoint },
      database: { value: database },
      bucket: { value: "files" },
      api_token_secret: { value: "a-secret" },
      function_ids: { value: {} },
      queue_urls: { value: {} },
    });
    await home.write("team/orrery.yaml", SCHEDULES);
    await home.write("team/jobs/hello/config.yaml", "name: hello\ncmd: echo hello\n");
    const token = (await readFile(join(home.data, "token"), "utf8")).trim();
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const options: DeployOptions = {
      root: tools.root,
      terraform: join(tools.root, "infra/terraform"),
      schedules: home.path("team/orrery.yaml"),
      planOnly: false,
      environment: {
        ...key,
        ORRERY_S3_ENDPOINT: `http://127.0.0.1:${emulator.port}`,
        ORRERY_TOKEN: token,
      },
      say,
      confirm: async () => await Promise.resolve(true),
      smokeTest: async (deployed) => await smokeTest(deployed, say),
    };

    expect(await deploy(options)).toMatchObject({ gatewayUrl: endpoint });

    expect(said).toContain("  2 written, 0 unchanged");
    vi.stubEnv("ORRERY_TOKEN", token);
    expect(await orrery("schedules", "--endpoint", endpoint)).toMatchObject({
      code: 0,
      out: expect.stringContaining("yearly") as string,
    });
    expect(await orrery("run", "yearly", "--wait", "--endpoint", endpoint)).toMatchObject({
      code: 0,
    });

    // Nothing has changed since, so there is nothing to wait for.
    said.length = 0;
    await deploy(options);
    expect(said).toContain("  0 written, 2 unchanged");
  });
});
