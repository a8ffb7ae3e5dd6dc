import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { resourcesOf, type Planned } from "../deployment/view-of-terraform.ts";
import type { Closing } from "../opened.ts";
import { startStubProvider } from "./stub-provider.ts";
import { Workspace, type Ran } from "./terraform.ts";

export const FOLDER = "b1g00000000000000000";

/** `infra/terraform` in a place of its own, with bundles that hold nothing, on a stub provider. */
export async function anInstallation(
  test: Closing,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Installation> {
  const workspace = new Workspace(test, "infra/terraform", await startStubProvider(test));
  const values = { folder_id: FOLDER, ...variables };
  workspace.write("terraform.tfvars.json", JSON.stringify(values));
  for (const artifact of artifacts()) workspace.write(`../../${artifact}`, "a bundle");
  const { code, output } = await workspace.terraform("get");
  if (code !== 0) throw new Error(`terraform get: ${output}`);
  return new Installation(workspace);
}

/** The bundles that the manifest names. */
function artifacts(): readonly string[] {
  const { functions } = parse(readFileSync("serverless.yaml", "utf8")) as {
    readonly functions: Record<string, { readonly package: { readonly artifact: string } }>;
  };
  return Object.values(functions).map((each) => each.package.artifact);
}

export class Installation {
  readonly workspace: Workspace;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  async plan(): Promise<Ran> {
    return await this.workspace.terraform("plan", "-input=false", "-out=plan");
  }

  /** Every resource of a plan, which must succeed. */
  async planned(): Promise<readonly Planned[]> {
    const { code, output } = await this.plan();
    if (code !== 0) throw new Error(`terraform plan: ${output}`);
    return resourcesOf(await this.workspace.json("show", "-json", "plan"));
  }
}
