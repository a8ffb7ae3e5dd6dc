// One file, for every part of it is about the same plan.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  resourcesOf,
  textOf,
  type Planned,
  type Row,
} from "../../support/deployment/view-of-terraform.ts";
import { Opened } from "../../support/opened.ts";
import { anInstallation, FOLDER } from "../../support/terraform/installation.ts";
import { terraformMissing } from "../../support/terraform/terraform.ts";

const described = describe.skipIf(terraformMissing !== undefined);
const because = terraformMissing === undefined ? "" : ` (${terraformMissing})`;

const SECRET = { secret_id: "e6qsecret", version_id: "e6qversion", key: "signing" };

function named(resources: readonly Planned[], type: string, index: string): Row {
  const found = resources.find((each) => each.type === type && each.index === index);
  expect(found, `${type} ${index}`).toBeDefined();
  return found?.values ?? {};
}

described(`an installation on a provider that makes nothing${because}`, () => {
  it("is made in one go, and then there is nothing to change", async (test) => {
    const { workspace } = await anInstallation(test);

    expect(await workspace.terraform("apply", "-auto-approve")).toMatchObject({ code: 0 });
    const again = await workspace.terraform("plan", "-detailed-exitcode");

    expect(again.code, again.output).toBe(0);
    expect(await workspace.json("output", "-json")).toMatchObject({
      gateway_url: { value: "https://orrery.apigw.example" },
      bucket: { value: `orrery-${FOLDER}` },
      queue_urls: { value: { intake: expect.stringMatching(/\/orrery-intake$/) as unknown } },
    });
  });

  it("has no secret in its state", async (test) => {
    const { workspace } = await anInstallation(test, { secrets: { OPS_SECRET: SECRET } });
    expect(await workspace.terraform("apply", "-auto-approve")).toMatchObject({ code: 0 });

    const { output } = await workspace.terraform("state", "pull");

    const state = JSON.parse(output) as { resources: { type: string; instances: unknown[] }[] };
    const keys = state.resources.filter(({ type }) => type.endsWith("static_access_key"));
    expect(keys.flatMap(({ instances }) => instances).length).toBeGreaterThan(5);
    // The stub gives keys that are not sent to Lockbox these values.
    expect(output).not.toMatch(/(ACCESS|SECRET)-KEY-IN-STATE/);
    const versions = state.resources.filter(({ type }) => type === "yandex_lockbox_secret_version");
    expect(JSON.stringify(versions)).not.toContain('text_value":"');
  });

  it("binds each function's own secrets, and nothing secret as plain variables", async (test) => {
    const secrets = { OPS_SECRET: SECRET, ONLY_TICK: { ...SECRET, functions: ["tick"] } };
    const resources = await (await anInstallation(test, { secrets })).planned();

    const bound = (name: string): readonly unknown[] =>
      (named(resources, "yandex_function", name)["secrets"] as Row[]).map((each) => [
        each["environment_variable"],
        each["id"],
        each["key"],
      ]);
    const keys = (name: string): readonly unknown[] => {
      const type = "yandex_iam_service_account_static_access_key";
      const [kept = {}] = named(resources, type, name)["output_to_lockbox"] as Row[];
      return [
        ["AWS_ACCESS_KEY_ID", kept["secret_id"], kept["entry_for_access_key"]],
        ["AWS_SECRET_ACCESS_KEY", kept["secret_id"], kept["entry_for_secret_key"]],
      ];
    };
    expect(bound("tick")).toEqual([...keys("tick"), ["ONLY_TICK", "e6qsecret", "signing"]]);
    expect(bound("notify")).toEqual([...keys("notify"), ["OPS_SECRET", "e6qsecret", "signing"]]);
    expect(bound("api")).toEqual([
      ...keys("api"),
      ["ORRERY_API_TOKEN", "lockbox_secret-orrery-api-token", "token"],
      ["OPS_SECRET", "e6qsecret", "signing"],
    ]);
    expect(bound("authorizer")).toEqual([]);
    for (const { values } of resources.filter(({ type }) => type === "yandex_function")) {
      expect(Object.keys(values["environment"] as Row).join()).not.toMatch(/SECRET|TOKEN|KEY/);
    }
  });

  it("hands a function the addresses of what it works with", async (test) => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example" };
    const resources = await (await anInstallation(test, { environment })).planned();

    expect(named(resources, "yandex_function", "watch")["environment"]).toEqual({
      ORRERY_STORE:
        "grpcs://ydb.serverless.yandexcloud.net:2135/?database=/ru-central1/b1gcloud/orrery",
      ORRERY_BUCKET: `orrery-${FOLDER}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example",
      ...Object.fromEntries(
        ["intake", "submit", "watch", "notify"].map((name) => [
          `ORRERY_QUEUE_${name.toUpperCase()}`,
          `https://message-queue.api.cloud.yandex.net/b1gcloud/dj6000000000/orrery-${name}`,
        ]),
      ),
    });
  });

  it("lets nobody but the triggers and the gateway call a function", async (test) => {
    const resources = await (await anInstallation(test)).planned();

    const callers = resources.filter(({ type }) => type === "yandex_function_iam_member");
    const calls = callers.map(
      ({ values }) => `${textOf(values["member"])} ${textOf(values["function_id"])}`,
    );
    const triggers = ["tick", "intake", "submit", "watch", "notify", "apply"].map(
      (name) => `serviceAccount:iam_service_account-orrery-triggers function-orrery-${name}`,
    );
    const gateway = ["api", "authorizer"].map(
      (name) => `serviceAccount:iam_service_account-orrery-gateway function-orrery-${name}`,
    );
    expect(calls.toSorted()).toEqual([...triggers, ...gateway].toSorted());
  });

  it("makes a gateway whose every path leads to a function with the rate that was asked for", async (test) => {
    const variables = {
      gateway_requests_per_second: 21,
      domain: { fqdn: "o.example", certificate_id: "fpq" },
    };
    const resources = await (await anInstallation(test, variables)).planned();

    const gateway = resources.find(({ type }) => type === "yandex_api_gateway");
    const spec = JSON.parse(textOf(gateway?.values["spec"])) as Record<string, unknown>;
    expect(spec).toMatchObject({
      "x-yc-apigateway": {
        service_account_id: "iam_service_account-orrery-gateway",
        rateLimit: { allRequests: { rps: 21 } },
      },
      components: { "x-yc-apigateway-rate-limits": { path: { allRequests: { rps: 11 } } } },
    });
    const text = JSON.stringify(spec);
    expect(new Set(text.match(/(?<="function_id":")[^"]*/g))).toEqual(
      new Set(["function-orrery-api", "function-orrery-authorizer"]),
    );
    expect(text).not.toContain("${");
    expect(gateway?.values["custom_domains"]).toMatchObject([{ fqdn: "o.example" }]);
    expect(named(resources, "yandex_function", "api")["environment"]).toMatchObject({
      ORRERY_PUBLIC_URL: "https://o.example",
    });
  });

  it("shows what the cloud measures of each alarm, and with Monium what Orrery does", async (test) => {
    const { alarms } = JSON.parse(
      readFileSync("infra/observability/observability.json", "utf8"),
    ) as { alarms: readonly { metric: string; builtIn?: string }[] };
    const queries = async (environment: object): Promise<string> => {
      const resources = await (await anInstallation(test, { environment })).planned();
      const dashboard = resources.find(({ type }) => type === "yandex_monitoring_dashboard");
      return JSON.stringify(dashboard?.values["widgets"]);
    };

    const plain = await queries({});
    const full = await queries({
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://ingest.monium.yandex.cloud/otlp",
    });

    const builtIn = alarms.flatMap(
      ({ builtIn: said = "" }) => said.match(/(?<=`)[a-z_]+[._][a-z._]+(?=`)/g) ?? [],
    );
    expect(new Set(builtIn).size).toBeGreaterThan(3);
    for (const metric of builtIn) expect(plain).toContain(`\\"${metric}\\"{`);
    expect(plain).not.toContain("orrery.");
    for (const { metric } of alarms) expect(full).toContain(`\\"${metric}\\"{project`);
  });

  it("makes DataSphere's projects where it is asked to, and keeps who else works in those there are", async (test) => {
    const limits = { max_units_per_hour: 10, max_units_per_execution: 5, balance: 100 };
    const community = { name: "c", billing_account_id: "b", organization_id: "o" };
    const there = { id: "bt1", other_viewers: ["userAccount:vi"], other_editors: [] };
    const resources = await (
      await anInstallation(test, {
        datasphere_community: { ...community, projects: { made: limits } },
        datasphere_projects: { there: { ...there, other_developers: ["userAccount:dev"] } },
      })
    ).planned();

    const bindings = resources.filter(({ type }) =>
      type.startsWith("yandex_datasphere_project_iam"),
    );
    const account = (name: string): string => `serviceAccount:iam_service_account-orrery-${name}`;
    const role = (name: string): string => `datasphere.community-projects.${name}`;
    expect(
      bindings.map(({ index, values }) => [index, values["project_id"], values["members"]]),
    ).toEqual([
      [
        `made ${role("developer")}`,
        "datasphere_project-made",
        [account("submit"), account("watch")],
      ],
      [`made ${role("editor")}`, "datasphere_project-made", [account("api")]],
      [`made ${role("viewer")}`, "datasphere_project-made", [account("apply")]],
      [
        `there ${role("developer")}`,
        "bt1",
        [account("submit"), account("watch"), "userAccount:dev"],
      ],
      [`there ${role("editor")}`, "bt1", [account("api")]],
      [`there ${role("viewer")}`, "bt1", [account("apply"), "userAccount:vi"]],
    ]);
    expect(
      resources.find(({ type }) => type === "yandex_datasphere_project")?.values["limits"],
    ).toEqual(limits);
  });
});

const MANIFEST = readFileSync("serverless.yaml", "utf8");

/** What a plan is refused with: changes to the manifest, variables, and what Terraform says. */
const REFUSALS: readonly (readonly [
  string,
  readonly (readonly [string | RegExp, string])[],
  object,
  string,
])[] = [
  [
    "a queue whose messages come back too early",
    [[/submit: \{ visibilityTimeout: \d+/, "submit: { visibilityTimeout: 320"]],
    {},
    "submit to 321",
  ],
  [
    "a queue with two triggers",
    [["          queue: intake\n", "          queue: submit\n"]],
    {},
    "A queue has one trigger, neither none nor two: intake, submit",
  ],
  [
    "more functions than a cloud has",
    [],
    { quotas: { functions: 5 } },
    "functions are more than the 5",
  ],
  ["more calls at once than a cloud has", [], { zone_requests: { tick: 2 } }, "11 times at once"],
  ["fewer triggers than there are", [], { quotas: { triggers: 2 } }, "more triggers than the 2"],
  ["a function that may not be called", [], { zone_requests: { tick: 0 } }, "at least 1"],
  ["a function that nobody knows", [], { zone_requests: { tock: 1 } }, "not in the manifest: tock"],
  [
    "memory in between",
    [["    memorySize: 256\n", "    memorySize: 200\n"]],
    {},
    "multiple of 128 MB",
  ],
  ["an hour of timeout", [['timeout: "300"', 'timeout: "3600"']], {}, "1 to 600 seconds: submit"],
  [
    "a queue of no trigger's",
    [["    intake: {", "    idle: { maxReceiveCount: 1, deadLetter: intake-dead }\n    intake: {"]],
    {},
    "neither none nor two: idle",
  ],
  [
    "a bundle that is not there",
    [["dist/functions/tick.zip", "dist/functions/tock.zip"]],
    {},
    "Run `npm run build` first",
  ],
  [
    "too large an environment",
    [],
    { environment: { NOTE: "n".repeat(4_096) } },
    "4096 are allowed",
  ],
  ["too many secrets", [], { secrets: manySecrets(25) }, "4096 are allowed"],
  [
    "a secret for nobody",
    [],
    { secrets: { S: { ...SECRET, functions: ["tock"] } } },
    "not in serverless.yaml: tock",
  ],
  ["a secret that is made here", [], { secrets: { ORRERY_API_TOKEN: SECRET } }, "are made here"],
  [
    "a secret in plain",
    [],
    { environment: { OTEL_EXPORTER_OTLP_HEADERS: "x" } },
    "belongs into `secrets`",
  ],
  ["no folder", [], { folder_id: "mine" }, "folder_id is the id of a folder"],
  ["a prefix that no name may begin with", [], { prefix: "Orrery" }, "prefix has 3 to 30"],
  ["a database that stands still", [], { database_ru_per_second: 0 }, "0 stops it"],
  ["an operator without a type", [], { operators: ["ann"] }, "TYPE:ID"],
  ["an unknown level", [], { log_level: "info" }, "log_level is TRACE"],
];

function manySecrets(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`SECRET_${at}`, SECRET]));
}

described(`a plan${because}`, () => {
  it.each(REFUSALS)("is refused for %s", async (_what, changes, variables, said) => {
    await using opened = new Opened();
    const { workspace } = await anInstallation(opened, variables as Record<string, unknown>);
    let manifest = MANIFEST;
    for (const [from, to] of changes) {
      expect(manifest.search(from)).toBeGreaterThan(-1);
      manifest = manifest.replace(from, to);
    }
    workspace.write("../../serverless.yaml", manifest);

    const { code, output } = await workspace.terraform("plan", "-input=false");

    expect(code).toBe(1);
    // Terraform breaks long messages into lines.
    expect(output.replaceAll(/[\s│]+/g, " ")).toContain(said);
  });

  it("has the margin that a queue's visibility is measured with", async (test) => {
    const { workspace } = await anInstallation(test);
    const manifest = MANIFEST.replace(
      /submit: \{ visibilityTimeout: \d+/,
      "submit: { visibilityTimeout: 321",
    );
    workspace.write("../../serverless.yaml", manifest);

    const { code } = await workspace.terraform("plan", "-input=false", "-out=plan");

    expect(code).toBe(0);
    const resources = resourcesOf(await workspace.json("show", "-json", "plan"));
    expect(named(resources, "yandex_message_queue", "submit")["visibility_timeout_seconds"]).toBe(
      321,
    );
  });
});
