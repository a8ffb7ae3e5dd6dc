import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { deploy, type Deployed, type DeployOptions } from "../../../infra/deploy/deploy.ts";
import { openDatabase } from "../../../infra/local/wiring.ts";
import type { Closing } from "../../support/opened.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import { fakeTools } from "./fake-tools.ts";

/** A cloud that Terraform has made, with a database that has nothing in it yet. */
async function aCloud(test: Closing, changes: Partial<DeployOptions> = {}) {
  const double = await startDouble();
  test.onTestFinished(async () => await double.close());
  const database = double.url("/local");
  const tools = await fakeTools(test, {
    gateway_url: { value: "https://d5dexample.apigw.yandexcloud.net/" },
    database: { value: database },
    bucket: { value: "files" },
    api_token_secret: { value: "a-secret" },
    function_ids: { value: {} },
    queue_urls: { value: {} },
    log_group: { value: "of no interest" },
  });
  const said: string[] = [];
  const asked: Deployed[] = [];
  const options: DeployOptions = {
    root: tools.root,
    terraform: join(tools.root, "infra/terraform"),
    planOnly: false,
    environment: {},
    say: (line) => said.push(line),
    confirm: async () => await Promise.resolve(true),
    smokeTest: async (deployed) => {
      asked.push(deployed);
      await Promise.resolve();
    },
    ...changes,
  };
  return { ...tools, database, options, said, asked };
}

describe("a deployment", () => {
  it("goes the whole way: plan, apply, schema, smoke test", async (test) => {
    const { options, calls, said, asked, database } = await aCloud(test);

    const installation = await deploy(options);

    expect(installation).toEqual({
      gatewayUrl: "https://d5dexample.apigw.yandexcloud.net",
      database,
      bucket: "files",
      apiTokenSecret: "a-secret",
      functions: {},
      queues: {},
    });
    expect(asked).toEqual([{ installation, token: "the-api-token" }]);
    expect(await calls()).toEqual([
      "terraform init",
      "terraform plan",
      "terraform apply",
      "terraform output",
      "yc iam create-token",
      "yc lockbox payload",
    ]);
    const opened = await openDatabase(database);
    test.onTestFinished(async () => await opened.close());
    expect((await opened.planMigration()).statements).toEqual([]);
    expect(said.join("\n")).not.toContain("token");
  });

  it("made again finds everything there", async (test) => {
    const { options, calls, planEnds, said } = await aCloud(test);
    await deploy(options);
    await planEnds(0);
    said.length = 0;

    expect(await deploy(options)).toBeDefined();

    expect(said).toContain("Terraform finds nothing to change");
    expect(said.some((line) => line.startsWith("  it is at version"))).toBe(true);
    expect((await calls()).filter((call) => call === "terraform apply")).toHaveLength(1);
  });

  it("that is only planned, or not confirmed, changes nothing", async (test) => {
    const { options, calls, asked } = await aCloud(test);

    expect(await deploy({ ...options, planOnly: true })).toBeUndefined();
    const declined = async (): Promise<boolean> => await Promise.resolve(false);
    expect(await deploy({ ...options, confirm: declined })).toBeUndefined();

    expect(await calls()).toEqual([
      "terraform init",
      "terraform plan",
      "terraform init",
      "terraform plan",
    ]);
    expect(asked).toEqual([]);
  });

  it("ends with the step that failed", async (test) => {
    const { options, calls, planEnds, asked } = await aCloud(test);
    await planEnds(1);

    await expect(deploy(options)).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringContaining("terraform plan") as string,
    });

    expect(await calls()).toEqual(["terraform init", "terraform plan"]);
    expect(asked).toEqual([]);
  });

  it("takes the credentials that the environment has, and asks nobody for others", async (test) => {
    const { options, calls } = await aCloud(test);
    const environment = { YC_TOKEN: "t1.given", ORRERY_TOKEN: "given" };

    await deploy({ ...options, environment });

    expect((await calls()).filter((call) => call.startsWith("yc"))).toEqual([]);
  });

  it("says which program is missing, and which functions were not built", async (test) => {
    const { options } = await aCloud(test);
    await expect(deploy({ ...options, root: "/nowhere" })).rejects.toThrow("npm run build");
    vi.stubEnv("PATH", "/nowhere");

    await expect(deploy(options)).rejects.toThrow("terraform is not installed: get it from");
  });

  it("does not take what is no installation for one", async (test) => {
    const { options, root } = await aCloud(test);
    await writeFile(join(root, "../outputs.json"), "{}");

    await expect(deploy(options)).rejects.toThrow("are not those of an installation");
  });
});
