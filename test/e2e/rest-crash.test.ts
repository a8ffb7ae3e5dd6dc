import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Home, until } from "./home.ts";
import {
  JOBS,
  RestClient,
  type AskOptions,
  type FileUrl,
  type OperationJson,
} from "./rest-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

interface Entries {
  readonly entries: readonly { readonly kind: string; readonly reservation?: string }[];
}

/** Says so when it runs, and ends well once somebody made a file. */
function waitingFor(file: string): object {
  return {
    cmd: `echo begun; while [ ! -e '${file}' ]; do sleep 0.05; done; echo over; echo ok > out`,
    outputFiles: [{ path: "out" }],
  };
}

describe("a platform killed with jobs of the API and an upload under way", () => {
  it("finds them again: each operation ends once, and nothing half sent is left", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const killed = home.up();
    const before = await RestClient.of(home, killed);
    const project = await before.newProject("demo");
    const key = (name: string): AskOptions => ({ headers: { "Idempotency-Key": name } });
    const jobs: string[] = [];
    const started: OperationJson[] = [];
    for (const name of ["first", "second"]) {
      const { id } = await before.newJob(project, waitingFor(home.path(name)));
      jobs.push(id);
      const path = `${JOBS}/${id}:execute`;
      started.push(await before.json<OperationJson>("POST", path, undefined, key(name)));
      await until(`job ${name} has begun`, async () =>
        (await printed(before, id)).includes("begun"),
      );
    }
    const content = "x".repeat(100_000);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const input = { desc: { path: "in" }, sha256, sizeBytes: "100000" };
    const third = await before.newJob(project, { cmd: "wc -c <in", inputFiles: [input] });
    const { port, pathname } = new URL(third.uploads[0]?.url ?? "");
    const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
    socket.write(
      `PUT ${pathname} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nxxx`,
    );
    const incoming = async (): Promise<readonly string[]> =>
      await readdir(join(home.data, "incoming")).catch(() => []);
    await until("the upload has begun", async () => (await incoming()).length === 1);

    await killed.crash();
    // One job ends while nobody looks, the other while the next platform does.
    await home.write("first", "");
    const client = await RestClient.of(home, home.up());

    const [first, second] = started as [OperationJson, OperationJson];
    expect(await incoming()).toEqual([]);
    expect((await client.ended(first)).response).toMatchObject({ result: {} });
    const running = await client.json<OperationJson>("GET", `/operations/${second.id}`);
    expect(running.done).toBeUndefined();
    const path = `${JOBS}/${jobs[1] ?? ""}:execute`;
    const again = await client.json<OperationJson>("POST", path, undefined, key("second"));
    expect(again.id).toBe(second.id);
    await home.write("second", "");
    const { response } = await client.ended(second);
    const [output] = (response?.["outputFiles"] ?? []) as readonly FileUrl[];
    expect(await (await fetch(output?.url ?? "")).text()).toBe("ok\n");
    for (const id of jobs) expect(await printed(client, id)).toBe("begun\nover\n");

    // The URL of before is as good as it was.
    const sent = await fetch(`${client.address}${pathname}`, { method: "PUT", body: content });
    expect(sent.status).toBe(200);
    await client.ended(await client.execute(third.id));
    expect((await printed(client, third.id)).trim()).toBe("100000");

    const { entries } = await client.json<Entries>("GET", `/orrery/v1/projects/${project}/entries`);
    for (const kind of ["hold", "settle"]) {
      const attempts = entries.filter((each) => each.kind === kind).map((each) => each.reservation);
      expect([kind, new Set(attempts).size, attempts.length]).toEqual([kind, 3, 3]);
    }
  });
});

interface LogMessage {
  readonly logs: readonly { readonly standardStream?: string; readonly content?: string }[];
}

/** What a job's program has printed by now. */
async function printed(client: RestClient, job: string): Promise<string> {
  const messages = await client.json<readonly LogMessage[]>("GET", `${JOBS}/${job}:logs`);
  return messages
    .flatMap(({ logs }) => logs)
    .filter(({ standardStream }) => standardStream === "OUT")
    .map(({ content = "" }) => Buffer.from(content, "base64").toString())
    .join("");
}
