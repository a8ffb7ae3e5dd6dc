import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Opened } from "../../support/opened.ts";
import { anInstallation } from "../../support/terraform/installation.ts";
import { terraformMissing, Workspace } from "../../support/terraform/terraform.ts";

const described = describe.skipIf(terraformMissing !== undefined);
const because = terraformMissing === undefined ? "" : ` (${terraformMissing})`;

described(`infra/terraform${because}`, () => {
  it("is written as Terraform formats it", async (test) => {
    const workspace = new Workspace(test, "infra/terraform");

    const { code, output } = await workspace.terraform("fmt", "-check", "-diff", "-recursive");

    expect(output).toBe("");
    expect(code).toBe(0);
  });

  it("is valid by the provider's schema", async (test) => {
    const { workspace } = await anInstallation(test);

    expect(await workspace.json("validate", "-json")).toMatchObject({
      valid: true,
      diagnostics: [],
    });
  });

  it.each(["modules/manifest", "modules/gateway"])("needs no provider in %s", async (module) => {
    await using opened = new Opened();
    const workspace = new Workspace(opened, `infra/terraform/${module}`);

    expect(await workspace.json("validate", "-json")).toMatchObject({ valid: true });
  });
});

/** A change that the schema must refuse: in a file, a text by another, and what Terraform says. */
const MISTAKES = [
  ["queues.tf", "redrive_policy =", "redrive_policies =", "Unsupported argument"],
  ["queues.tf", "yandex_message_queue.dead_letter[", "yandex_message_queue.dead[", undefined],
  ["database.tf", "serverless_database {", "serverless {", "Unsupported block type"],
  ["database.tf", "throttling_rcu_limit        = var.", "throttling_rcu_limit = [var.", undefined],
  ["datasphere.tf", "limits = {", "limits {", "Unsupported block type"],
  ["functions.tf", "runtime            = each.value.runtime", "", "Missing required argument"],
  ["functions.tf", 'resource "yandex_function" ', 'resource "yandex_functions" ', undefined],
  ["functions.tf", "yandex_logging_group.logs.id", "yandex_logging_group.logs.ids", undefined],
  [
    "bucket.tf",
    "enabled = true\n  }",
    "enabled = { on = true }\n  }",
    "Incorrect attribute value type",
  ],
  [
    "functions.tf",
    "content {\n    zip",
    "content {\n    bucket = 1\n    zip",
    "Unsupported argument",
  ],
] as const;

described(`the stub of the provider${because}`, () => {
  it.each(MISTAKES)("refuses a mistake in %s: %s as %s", async (file, right, wrong, said) => {
    await using opened = new Opened();
    const { workspace } = await anInstallation(opened);
    const text = readFileSync(`infra/terraform/${file}`, "utf8");
    expect(text).toContain(right);
    workspace.write(file, text.replaceAll(right, wrong));

    const { code, output } = await workspace.terraform("validate");

    expect(code).toBe(1);
    if (said !== undefined) expect(output).toContain(said);
  });
});
