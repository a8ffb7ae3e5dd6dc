import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { Home } from "./home.ts";
import { JOBS, PROJECTS, RestClient, type OperationJson } from "./rest-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

const EMPTY = { "@type": "type.googleapis.com/google.protobuf.Empty" };

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

describe("the API as a program sees it that knows HTTP and JSON alone", () => {
  it("speaks the canonical JSON of its messages, in operations and in errors", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const client = await RestClient.of(home, home.up());

    // Names in either spelling and integers in either form come in; one of each goes out.
    const request = {
      community_id: "default",
      name: "demo",
      limits: { maxUnitsPerHour: "36000", max_units_per_execution: 9000 },
    };
    const key = { headers: { "Idempotency-Key": "made-once" } };
    const created = await client.json<OperationJson>("POST", PROJECTS, request, key);
    const project = created.metadata?.projectId ?? "";
    expect(created).toMatchObject({
      done: true,
      createdBy: "orrery",
      metadata: { "@type": expect.stringMatching(/\.v2\.CreateProjectMetadata$/) as string },
      response: { limits: { maxUnitsPerHour: "36000", maxUnitsPerExecution: "9000" } },
    });
    const repeated = await client.json<OperationJson>("POST", PROJECTS, request, key);
    expect(repeated.id).toBe(created.id);
    const otherwise = await client.ask("POST", PROJECTS, { ...request, name: "other" }, key);
    expect([otherwise.status, JSON.parse(otherwise.text)]).toMatchObject([409, { code: 6 }]);

    // A wrapper that is not set is not there, and null unsets it.
    const balance = `${PROJECTS}/${project}:unitBalance`;
    expect((await client.done("POST", balance, { unitBalance: 70 })).response).toEqual(EMPTY);
    expect(await client.json("GET", balance)).toEqual({ unitBalance: "70" });
    await client.done("POST", balance, { unitBalance: null });
    expect(await client.json("GET", balance)).toEqual({});

    // A mask in camel case changes what it names and nothing else.
    const updateMask = "description,limits.maxUnitsPerHour";
    await client.done("PATCH", `${PROJECTS}/${project}`, { updateMask, description: "mine" });
    expect(await client.json("GET", `${PROJECTS}/${project}`)).toEqual({
      id: project,
      communityId: "default",
      name: "demo",
      description: "mine",
      createdById: "orrery",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      settings: {},
      limits: { maxUnitsPerExecution: "9000" },
    });

    // Both paths that Open ever had; `done` is not there until it is true; Cancel takes both verbs.
    for (const path of ["/open", ":open"]) {
      const open = await client.json<OperationJson>("POST", `${PROJECTS}/${project}${path}`);
      expect(open).not.toHaveProperty("done");
      expect(open).not.toHaveProperty("response");
      for (const method of ["GET", "POST"]) {
        const answer = await client.json<OperationJson>(method, `/operations/${open.id}:cancel`);
        expect(answer.id).toBe(open.id);
      }
      expect((await client.ended(open)).response?.["projectUrl"]).toContain(project);
    }

    const job = await client.newJob(project, { cmd: "echo out; echo err >&2" });
    const executed = await client.ended(await client.execute(job.id));
    expect(executed.response).toEqual({
      "@type": expect.stringMatching(/ExecuteProjectJobResponse$/) as string,
      // A return code of 0 is the default, and so is left out.
      result: {},
    });
    const streamed = await client.json<readonly { readonly logs: readonly object[] }[]>(
      "GET",
      `${JOBS}/${job.id}:logs?offset=0`,
    );
    const lines = streamed.flatMap(({ logs }) => logs);
    const content = Buffer.from("out\n").toString("base64");
    expect(lines).toContainEqual(expect.objectContaining({ standardStream: "OUT", content }));

    const long = { ...request, limits: { maxUnitsPerHour: "9007199254740993" } };
    const failures: readonly [string, string, unknown, number, number][] = [
      ["POST", PROJECTS, { ...request, nope: 1 }, 400, 3],
      ["POST", PROJECTS, long, 400, 3],
      ["POST", PROJECTS, request, 409, 6],
      ["GET", `${PROJECTS}?communityId=default&pageSize=1001`, undefined, 400, 3],
      ["GET", `${PROJECTS}/none`, undefined, 404, 5],
      ["PUT", `${PROJECTS}/${project}`, {}, 405, 12],
      ["GET", "/datasphere/v3/projects", undefined, 404, 5],
      ["GET", "/elsewhere", undefined, 404, 5],
    ];
    for (const [method, path, body, status, code] of failures) {
      const answer = await client.ask(method, path, body);
      expect(answer.status, `${method} ${path}`).toBe(status);
      expect(JSON.parse(answer.text), `${method} ${path}`).toMatchObject({ code });
    }
    const foreign = await client.ask("GET", `${PROJECTS}/${project}`, undefined, {
      headers: { Host: "evil.example" },
    });
    expect(foreign.status).toBe(421);
  });

  it("has every route that its description names, and lets nobody in without a token", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const client = await RestClient.of(home, home.up());
    const open: string[] = [];

    for (const name of ["datasphere", "orrery"]) {
      const document = await client.json<OpenApi>("GET", `/openapi/${name}.json`);
      const { valid, errors } = await new Validator().validate({ ...document });
      expect(errors).toBeUndefined();
      expect(valid).toBe(true);
      for (const [template, methods] of Object.entries(document.paths)) {
        for (const method of Object.keys(methods)) {
          const path = template.replaceAll(/\{[^}]+\}/g, "x");
          const answer = await client.ask(method.toUpperCase(), path, undefined, { token: "" });
          const asked = `${method.toUpperCase()} ${path}`;
          if (answer.status === 200) open.push(asked);
          else expect([asked, answer.status]).toEqual([asked, 401]);
          expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
          expect(answer.headers["x-content-type-options"]).toBe("nosniff");
        }
      }
    }

    expect(open).toEqual(["GET /orrery/v1/health"]);
  });
});
