import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Run } from "../../shared/core/run/run.ts";
import { caFile } from "../../infra/local/certificates.ts";
import { Opened } from "../support/opened.ts";
import { Home, until } from "./home.ts";
import type { PlatformProcess } from "./platform-process.ts";
import { SdkClient } from "./sdk-client.ts";
import { SdkJobs } from "./sdk-jobs.ts";

/** A platform that plays the cloud, and a home whose platform executes there. */
interface World {
  readonly cloud: SdkJobs;
  readonly home: Home;
  /** Starts the platform of the home. */
  readonly up: () => PlatformProcess;
}

async function aWorld(test: Opened): Promise<World> {
  const upstream = await Home.of(test);
  await upstream.write("orrery.yaml", "version: 1\nschedules: {}\n");
  const client = await SdkClient.of(upstream, upstream.up());
  const cloud = await SdkJobs.of(client);
  const home = await Home.of(test);
  const token = (await readFile(join(upstream.data, "token"), "utf8")).trim();
  return {
    cloud,
    home,
    up: () =>
      home.start({
        args: [
          ...["up", "--config", home.config, ...home.where(), "--port", "0"],
          ...["--datasphere", client.endpoint, "--datasphere-ca", caFile(upstream.data)],
        ],
        environment: { DATASPHERE_TOKEN: token },
      }),
  };
}

function schedules(project: string, every = "1h"): string {
  return `version: 1
defaults: { project: ${project} }
schedules:
  train:
    when: { every: ${every} }
    job: ./train/config.yaml
    overlap: skip
    timeout: 10m
    inputs: { DATE: "{{ nominalAt | date('yyyy-MM-dd') }}" }
`;
}

/** The first run that has that state. */
async function aRun(home: Home, state: Run["state"]): Promise<Run> {
  let found: Run | undefined;
  await until(`a run is ${state}`, async () => {
    found = (await home.runs()).find((run) => run.state === state);
    return found !== undefined;
  });
  if (found === undefined) throw new Error("unreachable");
  return found;
}

describe("a platform that executes in DataSphere", () => {
  it("runs a scheduled job there to its end, and shows its logs and outputs here", async () => {
    await using test = new Opened();
    const { cloud, home, up } = await aWorld(test);
    await home.write("orrery.yaml", schedules(cloud.projectId, "3s"));
    await home.write(
      "train/config.yaml",
      "cmd: python3 main.py ${DATE} ${MODEL}\ninputs: [data]\noutputs: [{ model.txt: MODEL }]\n",
    );
    await home.write("train/data/a.txt", "from the folder");
    await home.write(
      "train/main.py",
      "import sys\nprint(open('data/a.txt').read(), sys.argv[1])\n" +
        "open(sys.argv[2], 'w').write('a model')\n",
    );

    const platform = up();
    const address = await platform.address();
    const run = await aRun(home, "succeeded");

    const [attempt] = run.attempts;
    expect(attempt?.end).toMatchObject({
      exitCode: 0,
      outputs: [{ path: "model.txt", variable: "MODEL", bytes: 7 }],
    });
    const token = (await readFile(join(home.data, "token"), "utf8")).trim();
    const logs = home.start({
      args: ["logs", run.id, "--endpoint", address],
      environment: { ORRERY_TOKEN: token },
    });
    expect(await logs.ended).toMatchObject({ code: 0 });
    expect(logs.output).toContain(
      `from the folder ${new Date(run.nominalAt).toISOString().slice(0, 10)}`,
    );
    const { jobs } = await cloud.client.jobs.list({
      projectId: cloud.projectId,
      pageSize: 100,
      pageToken: "",
      filter: "",
    });
    expect(jobs.filter(({ desc }) => desc.includes(run.id))).toHaveLength(1);
  });

  it("adopts what runs there when it was killed", async () => {
    await using test = new Opened();
    const { cloud, home, up } = await aWorld(test);
    await home.write("orrery.yaml", schedules(cloud.projectId));
    const began = home.path("began");
    const go = home.path("go");
    await home.write(
      "train/config.yaml",
      `cmd: "echo x >>${began}; while [ ! -f ${go} ]; do sleep 0.05; done; echo done"\n`,
    );
    const first = up();
    await first.address();
    const asked = home.start({ args: ["run", "train", "--data", home.data] });
    expect(await asked.ended).toMatchObject({ code: 0 });
    await until("the job runs there", async () => (await home.lines("began")).length === 1);

    await first.crash();
    await home.write("go", "");
    await up().address();
    const run = await aRun(home, "succeeded");

    expect(await home.lines("began")).toHaveLength(1);
    expect(run.attempts).toHaveLength(1);
  });
});
