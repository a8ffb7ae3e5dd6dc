import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../infra/local/manifest.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { commonView, viewOfManifest } from "../support/deployment/deployment-view.ts";
import { viewOfPlugin, type PluginView } from "../support/deployment/view-of-plugin.ts";
import { viewOfTerraform } from "../support/deployment/view-of-terraform.ts";
import { pluginHome, Service } from "../support/plugin/deploy-with-plugin.ts";
import { anInstallation } from "../support/terraform/installation.ts";
import { terraformMissing } from "../support/terraform/terraform.ts";

const text = readFileSync("serverless.yaml", "utf8");
const local = readManifest(text);

const RECORDED = "plugin-view.json";

/** What the plugin's deployment asked for when it was recorded, the last time it was installed. */
function recordedPlugin(): PluginView {
  const recorded = readFileSync(new URL(RECORDED, import.meta.url), "utf8");
  return JSON.parse(recorded) as PluginView;
}

const plugin = pluginHome();

describe("the readers of serverless.yaml", () => {
  it.skipIf(terraformMissing !== undefined)(
    `see the same functions, triggers, timeouts and batches: Terraform and the laptop${because(terraformMissing)}`,
    async (test) => {
      const { functions, queues } = viewOfTerraform(await planned(test), "orrery");

      expect(commonView(functions)).toEqual(viewOfManifest(local));
      expect(queues).toEqual(
        Object.fromEntries(
          Object.entries(local.queues).map(([name, { visibilityTimeoutMs, ...rest }]) => [
            name,
            { visibilitySeconds: visibilityTimeoutMs / SECOND_MS, ...rest },
          ]),
        ),
      );
    },
  );

  it("see the same functions, triggers, timeouts and batches: the plugin and the laptop", () => {
    expect(commonView(recordedPlugin().functions)).toEqual(viewOfManifest(local));
  });

  it.skipIf(terraformMissing !== undefined)(
    `see the same accounts, variables, retries and queues: Terraform and the plugin${because(terraformMissing)}`,
    async (test) => {
      const seen = recordedPlugin();
      const { functions, failures, queues, deadLetters } = viewOfTerraform(
        await planned(test),
        "orrery",
      );

      expect(functions).toEqual(seen.functions);
      expect(failures).toEqual(seen.failures);
      expect([...Object.keys(queues), ...deadLetters].toSorted()).toEqual(seen.queues);
    },
  );
});

describe.skipIf("reason" in plugin)(
  `the plugin of the Serverless Framework, by osls${"reason" in plugin ? ` (${plugin.reason})` : ""}`,
  () => {
    const home = "home" in plugin ? plugin.home : "";

    it("deploys what was recorded of it", async (test) => {
      const deployed = await new Service(test, home, text).deploy(test);

      expect(deployed.output).toContain('Trigger created "orrery-tick-cron"');
      const seen = `${JSON.stringify(viewOfPlugin(deployed), undefined, 2)}\n`;
      await expect(seen).toMatchFileSnapshot(RECORDED);
    });

    it("packages the manifest, and takes offence at the runtime alone", async (test) => {
      const service = new Service(test, home, text);

      const { code, output } = await service.osls(["package"]);

      expect({ code, output }).toMatchObject({ code: 0 });
      expect(output.match(/^ {2}at '.*$/gm)).toEqual([
        expect.stringContaining("at 'provider.runtime': must be equal to one of the allowed"),
      ]);
    });

    it("finds nothing invalid in it where a runtime stands that it knows", async (test) => {
      const strict = text
        .replace("configValidationMode: warn", "configValidationMode: error")
        .replace("runtime: nodejs22", "runtime: nodejs16");
      const service = new Service(test, home, strict);

      expect(await service.osls(["package"])).toMatchObject({ code: 0, output: "" });
      const print = await service.osls(["print"]);
      expect(print.code).toBe(0);
      expect(print.output).toContain("path: /datasphere/{proxy+}");
    });

    it("refuses a manifest that it does not understand, so that the above means something", async (test) => {
      const wrong = text
        .replace("configValidationMode: warn", "configValidationMode: error")
        .replace("runtime: nodejs22", "runtime: nodejs16")
        .replace("batch: 10", "batch: ten");

      const { code, output } = await new Service(test, home, wrong).osls(["package"]);

      expect(code).not.toBe(0);
      expect(output).toContain("batch");
    });
  },
);

async function planned(
  test: Parameters<typeof anInstallation>[0],
): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof anInstallation>>["planned"]>>> {
  return await (await anInstallation(test)).planned();
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${reason})`;
}
