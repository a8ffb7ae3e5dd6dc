import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  CreateProjectRequest,
  ExecutionStatus,
  ProjectExecutionMetadata,
  ProjectExecutionRequest,
  ProjectExecutionResponse,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { describe, expect, it } from "vitest";
import { noKernel, notebookFile } from "../adapters/process/notebook-world.ts";
import { eventually } from "../contract/executor.ts";
import { Home } from "./home.ts";
import { SdkClient } from "./sdk-client.ts";

describe.skipIf(noKernel !== undefined)(
  "notebooks of a program that knows the official SDK",
  () => {
    it("are executed, read and stopped", async (test) => {
      const home = await Home.of(test);
      await home.write("orrery.yaml", "version: 1\nschedules: {}\n");
      const client = await SdkClient.of(home, home.up());
      const { projects, operations } = client;
      const { id: projectId } = await client.done(
        await projects.create(CreateProjectRequest.fromPartial({ communityId: "default" })),
        Project,
      );
      const storage = join(home.data, "projects", projectId, "storage");
      await mkdir(storage, { recursive: true });
      const sources = [
        "import os\nregion = os.environ['REGION']\ntotal = 2",
        "total *= 10\nprint(region, total)",
        "1 / 0",
        "import time\nopen('begun', 'w').close()\ntime.sleep(600)",
      ];
      await writeFile(join(storage, "a.ipynb"), notebookFile(sources));
      const execute = async (target: object) =>
        await projects.execute(ProjectExecutionRequest.fromPartial({ projectId, ...target }));
      const get = async (question: string): Promise<unknown> => {
        const url = `${client.address}/datasphere/v2/projects/${projectId}:${question}`;
        const token = (await readFile(join(home.data, "token"), "utf8")).trim();
        return await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json();
      };

      const whole = await execute({ notebookId: "a.ipynb", inputVariables: { REGION: "eu" } });
      const { executionStatus } = await client.done(whole, ProjectExecutionResponse);
      expect(executionStatus).toBe(ExecutionStatus.ERROR);
      expect(await get("cellOutputs?cellId=c2")).toEqual({ outputs: ["eu 20\n"] });

      const cell = await execute({ cellId: "c2" });
      expect(
        ProjectExecutionMetadata.decode(cell.metadata?.value ?? new Uint8Array()),
      ).toMatchObject({
        projectId,
        cellId: "c2",
      });
      const answer = await client.done(cell, ProjectExecutionResponse);
      expect(answer.executionStatus).toBe(ExecutionStatus.OK);
      expect(await get("cellOutputs?cellId=c2")).toEqual({ outputs: ["eu 200\n"] });
      expect(await get(`stateVariables?notebookId=a.ipynb&checkpointId=${whole.id}`)).toEqual({
        variables: { region: "eu", total: 20 },
      });

      const endless = await execute({ cellId: "c4" });
      await eventually(
        async () => await readFile(join(storage, "begun"), "utf8").catch(() => undefined),
      );
      await operations.cancel({ operationId: endless.id });
      const cancelled = await eventually(async () => {
        const operation = await operations.get({ operationId: endless.id });
        return operation.done ? operation : undefined;
      });
      expect(cancelled.error).toMatchObject({ code: 1 });
    });
  },
);
