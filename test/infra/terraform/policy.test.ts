import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readManifest } from "../../../infra/local/manifest.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";
import { blocksOf, readConfiguration, type Resource } from "../../support/terraform/hcl.ts";
import { readSchema } from "../../support/terraform/provider-schema.ts";

const text = readFileSync("serverless.yaml", "utf8");
const manifest = readManifest(text);
const configuration = await readConfiguration("infra/terraform");
const { resources, variables, outputs } = configuration;

const of = (type: string): readonly Resource[] => resources.filter((each) => each.type === type);

function one(type: string, name: string): Resource["body"] {
  const found = of(type).find((each) => each.name === name);
  expect(found, `${type}.${name}`).toBeDefined();
  return found?.body ?? {};
}

interface Said {
  readonly custom: {
    readonly secrets: readonly string[];
    readonly functions: Readonly<
      Record<
        string,
        {
          readonly userSecrets?: boolean;
          readonly roles: Readonly<Record<string, readonly string[]>>;
        }
      >
    >;
  };
}

const { custom } = parse(text) as Said;

/** A row of a table of docs/permissions.md. */
interface Granted {
  readonly role: string;
  readonly on: string;
  readonly to: readonly string[];
}

const documented: readonly Granted[] =
  readFileSync("docs/permissions.md", "utf8")
    .split("\n## Whoever deploys")[0]
    ?.split("\n")
    .flatMap((line) => {
      const [, role, on = "", to = ""] =
        /^\| `([\w.-]+)` +\| ([^|]+?) +\| ([^|]+?) +\|/.exec(line) ?? [];
      return role === undefined ? [] : [{ role, on, to: to.split(", ") }];
    }) ?? [];

describe("the queues", () => {
  it("have somewhere to put what is given up, each of them", () => {
    for (const { name, body } of of("yandex_message_queue")) {
      if (name === "dead_letter") continue;
      expect(body["redrive_policy"], name).toMatch(/yandex_message_queue\.dead_letter\[.+\]\.arn/);
      expect(body["redrive_policy"], name).toMatch(/maxReceiveCount\s*=/);
    }
    expect(Object.keys(manifest.queues).length).toBeGreaterThan(0);
    for (const { deadLetter } of Object.values(manifest.queues)) expect(deadLetter).not.toBe("");
  });

  it("hide a message for the timeout, the cutoff and a margin", () => {
    expect(one("yandex_message_queue", "queue")["visibility_timeout_seconds"]).toBe(
      "${each.value.visibility}",
    );
    const margin = 20;
    for (const { timeoutMs, triggers } of manifest.functions) {
      for (const trigger of triggers) {
        if (trigger.kind !== "queue") continue;
        const least = timeoutMs + trigger.cutoffMs + margin * SECOND_MS;
        expect(manifest.queues[trigger.queue]?.visibilityTimeoutMs).toBeGreaterThanOrEqual(least);
      }
    }
  });

  it("refuse what a trigger would drop without a word", () => {
    expect(one("yandex_message_queue", "queue")["max_message_size"]).toBeLessThan(230 * 1_000);
  });
});

describe("the bucket", () => {
  const bucket = one("yandex_storage_bucket", "files");

  it("is open to nobody", () => {
    expect(of("yandex_storage_bucket")).toHaveLength(1);
    for (const name of ["acl", "grant", "policy", "website", "cors_rule"]) {
      expect(Object.keys(bucket)).not.toContain(name);
    }
    expect(blocksOf(bucket, "anonymous_access_flags")).toEqual([
      { read: false, list: false, config_read: false },
    ]);
    expect(configuration.text).not.toMatch(/system:all|public-read/);
  });

  it("keeps what was replaced for a while, and is never emptied by a teardown", () => {
    expect(blocksOf(bucket, "versioning")).toEqual([{ enabled: true }]);
    expect(bucket["force_destroy"]).toBe(false);
    expect(JSON.stringify(bucket["lifecycle_rule"])).toContain("noncurrent_version_expiration");
  });
});

describe("the roles", () => {
  it("of functions in serverless.yaml are those of docs/permissions.md, function by function", () => {
    const scopes: Readonly<Record<string, string>> = {
      database: "the database",
      folder: "the folder",
      bucket: "the bucket",
      datasphere: "DataSphere projects named",
    };
    for (const [name, { roles }] of Object.entries(custom.functions)) {
      const given = Object.entries(roles).flatMap(([scope, each]) =>
        each.map((role) => `${role} on ${String(scopes[scope])}`),
      );
      const stated = documented
        .filter(({ to, role }) => to.includes(name) && role !== "lockbox.payloadViewer")
        .map(({ role, on }) => `${role} on ${on}`);
      expect(given.toSorted(), name).toEqual(stated.toSorted());
    }
  });

  it("that are written out are in docs/permissions.md, for the same account", () => {
    const written = resources.flatMap(({ type, name, body }) => {
      if (!/_iam_(member|binding)$/.test(type)) return [];
      const roles =
        /^"?\$\{each\.key\}/.test(String(body["role"])) && type.endsWith("_member")
          ? [...String(body["for_each"]).matchAll(/"([\w.]+)"/g)].map(([, role]) => role)
          : [body["role"]];
      return roles.flatMap((role) =>
        String(role).startsWith("$") ? [] : [`${name} ${String(role)}`],
      );
    });

    expect(written.toSorted()).toEqual([
      "api_token lockbox.payloadViewer",
      "gateway functions.functionInvoker",
      "keys lockbox.payloadViewer",
      "triggers functions.functionInvoker",
      "triggers ymq.reader",
      "triggers ymq.writer",
      "user lockbox.payloadViewer",
    ]);
    const stated = documented
      .filter(({ to }) => to.some((each) => ["triggers", "gateway"].includes(each)))
      .flatMap(({ to, role }) => to.map((each) => `${each} ${role}`));
    const ours = written.filter((each) => /^(triggers|gateway) /.test(each));
    expect(stated.toSorted()).toEqual(ours.toSorted());
  });

  it("are on the folder for queues alone, and nobody has a whole service", () => {
    const folder = Object.values(custom.functions).flatMap(({ roles }) => roles["folder"] ?? []);

    expect(new Set(folder)).toEqual(new Set(["ymq.writer"]));
    expect(
      of("yandex_resourcemanager_folder_iam_member")
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(["function", "triggers"]);
    for (const { role } of documented) expect(role).not.toMatch(/^(admin|editor|viewer)$|\.admin$/);
  });

  it("that read a secret are of the functions that have it", () => {
    const [row] = documented.filter(({ role }) => role === "lockbox.payloadViewer");
    const { functions } = parse(text) as {
      readonly functions: Record<string, { readonly environment?: Record<string, string> }>;
    };
    const reading = Object.entries(functions).flatMap(([name, { environment = {} }]) =>
      Object.keys(environment).some((each) => custom.secrets.includes(each)) ? [name] : [],
    );

    expect(row?.to.toSorted()).toEqual(reading.toSorted());
    for (const name of Object.keys(custom.functions)) {
      if (custom.functions[name]?.userSecrets === true) expect(reading).toContain(name);
    }
  });
});

describe("secrets", () => {
  it("are in no argument that the state keeps", () => {
    for (const { type, name, body } of resources) {
      for (const argument of [
        "access_key",
        "secret_key",
        "text_value",
        "pgp_key",
        "token",
        "password",
      ]) {
        expect(JSON.stringify(body), `${type}.${name}`).not.toContain(`"${argument}":`);
      }
    }
    for (const { body } of of("yandex_iam_service_account_static_access_key")) {
      expect(blocksOf(body, "output_to_lockbox")).toHaveLength(1);
    }
  });

  it("come from no variable, and go to no output", () => {
    expect(Object.keys(variables).filter((name) => /token|password|_key$/.test(name))).toEqual([]);
    for (const output of Object.values(outputs)) {
      expect(String(output["value"])).not.toMatch(/static_access_key|text_value|password/);
    }
    expect(configuration.text).not.toMatch(/provisioner|local-exec|data "yandex_lockbox/);
  });

  it("are not among a function's plain variables", () => {
    const plain = of("yandex_function").map(({ body }) => body["environment"]);

    expect(plain).toEqual(["${local.environments[each.key]}"]);
    const environments = /environments = \{[\s\S]*?\n {2}\}/.exec(configuration.text)?.[0] ?? "";
    expect(environments).toContain("for name in each.environment : name => local.values[name]");
    for (const name of custom.secrets) expect(environments).not.toContain(name);
  });
});

describe("every trigger of serverless.yaml", () => {
  it("has its resource", () => {
    const kinds = new Set(
      manifest.functions.flatMap(({ triggers }) => triggers.map(({ kind }) => kind)),
    );

    expect([...kinds].toSorted()).toEqual(["http", "object", "queue", "timer"]);
    const made = of("yandex_function_trigger").map(({ name, body }) => [name, body["for_each"]]);
    expect(made.toSorted()).toEqual([
      ["objects", "${module.manifest.object_triggers}"],
      ["queue", "${module.manifest.queue_triggers}"],
      ["timer", "${module.manifest.timers}"],
    ]);
  });

  it("calls as the triggers' account, and is tried again and kept where no queue does that", () => {
    for (const { name, body } of of("yandex_function_trigger")) {
      const [call = {}] = blocksOf(body, "function");
      expect(call["service_account_id"]).toBe("${yandex_iam_service_account.triggers.id}");
      const isQueue = name === "queue";
      expect("retry_attempts" in call, name).toBe(!isQueue);
      expect(JSON.stringify(body["dynamic"] ?? {}).includes("dead_letter"), name).toBe(!isQueue);
    }
  });
});

describe("everything that is made", () => {
  it("is in the folder it was given, and under its prefix", () => {
    const schema = readSchema();
    for (const { type, name, body } of resources) {
      const takesFolder = schema[type]?.attributes["folder_id"] !== undefined;
      if (takesFolder) expect(body["folder_id"], `${type}.${name}`).toBe("${var.folder_id}");
      const takesName = schema[type]?.attributes["name"] !== undefined;
      if (takesName && !type.includes("datasphere")) {
        expect(String(body["name"]), `${type}.${name}`).toMatch(/var\.prefix|each\.value\.name/);
      }
    }
  });

  it("is protected from deletion where it holds something", () => {
    for (const type of ["yandex_ydb_database_serverless", "yandex_lockbox_secret"]) {
      for (const { name, body } of of(type)) {
        expect(body["deletion_protection"], `${type}.${name}`).toBe("${var.deletion_protection}");
      }
    }
    expect(variables["deletion_protection"]?.["default"]).toBe(true);
  });

  it("is of a kind whose arguments were transcribed", () => {
    const schema = Object.keys(readSchema());

    expect(new Set(resources.map(({ type }) => type))).toEqual(new Set(schema));
  });

  it("writes its logs into the log group, and hands no token to a request without a header", () => {
    const body = one("yandex_function", "function");

    expect(blocksOf(body, "log_options")).toMatchObject([
      { log_group_id: "${yandex_logging_group.logs.id}" },
    ]);
    expect(blocksOf(body, "metadata_options")).toEqual([
      { gce_http_endpoint: 1, aws_v1_http_endpoint: 2 },
    ]);
  });
});

describe("every variable", () => {
  it("says what it is, has a type, and is in the document", () => {
    const document = readFileSync("docs/terraform.md", "utf8");
    for (const [name, body] of Object.entries(variables)) {
      expect(body["description"], name).toBeTypeOf("string");
      expect(body["type"], name).toBeDefined();
      expect(document, name).toContain(`\`${name}\``);
    }
    for (const name of Object.keys(outputs)) expect(document, name).toContain(`\`${name}\``);
  });
});
