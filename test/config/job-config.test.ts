// Longer than most: the whole of a config.yaml, key by key.
import { describe, expect, it } from "vitest";
import { readJobConfig } from "../../shared/config/job-config.ts";
import { formatProblem } from "../../shared/config/located-problem.ts";
import type { JobDefinition } from "../../shared/core/job/job-definition.ts";

const ENVIRONMENT: Readonly<Record<string, string>> = { REGION: "eu" };
const context = {
  folder: "/jobs/train",
  environment: (name: string) => ENVIRONMENT[name],
  hasRate: (type: string) => ["c1.4", "c1.8", "g1.1"].includes(type),
};

function job(text: string): JobDefinition {
  const read = readJobConfig({ file: "config.yaml", text }, context);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value;
}

function problems(text: string): readonly string[] {
  const read = readJobConfig({ file: "config.yaml", text }, context);
  return read.ok ? [] : read.problems.map(formatProblem);
}

/** One faulty part of a job, below a command; the part starts on line 2. */
function problemsOf(part: string): readonly string[] {
  return problems(`cmd: run\n${part}`);
}

describe("a job's config.yaml", () => {
  it("needs a command only", () => {
    expect(job("cmd: python train.py")).toEqual({
      kind: "job",
      command: "python train.py",
      arguments: {},
      inputs: [],
      outputs: [],
      environment: {},
      s3Mounts: [],
      datasets: [],
      outputDatasets: [],
      attachProjectDisk: false,
      instanceTypes: ["c1.4"],
      root: "/jobs/train",
    });
  });

  it("is read with every key the CLI knows", () => {
    const text = `
name: train
desc: Trains the model
cmd: python3 train.py --rate \${RATE} --data \${DATA} \${DS_PROJECT_HOME}
args: { RATE: 0.10 }
inputs:
  - lib
  - data.csv: DATA
  - /big/file.bin: { var: BIG }
outputs:
  - model.pt: MODEL
s3-mounts:
  - btqv6sk0mgg5fu5n0000
  - btqv6sk0mgg5fu5n0001: S3
datasets:
  - btqv6sk0mgg5fu5n0002: { var: SET }
env:
  vars:
    - REGION
    - VERSION: 1.10
    - EMPTY:
  docker: { image: cr.yandex/x:1, username: oauth, password: { secret-id: registry } }
  python:
    type: manual
    version: 3.10.4
    requirements-file: requirements.txt
    root-paths: [ . ]
    pip: { index-url: https://pypi.example, extra-index-urls: [ https://b ], trusted-hosts: [ b ], no-deps: true }
flags: [ attach-project-disk ]
cloud-instance-types: [ g1.1, c1.8 ]
working-storage: { type: SSD, size: 200GB }
graceful-shutdown: { signal: SIGINT, timeout: 1m30s }
output-datasets:
  - { name: result, var: RESULT, size: 10GB, description: Numbers, labels: { team: a } }
spark: { connector: { id: spark-1 } }
`;

    expect(job(text)).toEqual({
      kind: "job",
      name: "train",
      description: "Trains the model",
      command: "python3 train.py --rate ${RATE} --data ${DATA} ${DS_PROJECT_HOME}",
      arguments: { RATE: "0.10" },
      inputs: [
        { path: "lib" },
        { path: "data.csv", variable: "DATA" },
        { path: "/big/file.bin", variable: "BIG" },
      ],
      outputs: [{ path: "model.pt", variable: "MODEL" }],
      s3Mounts: [
        { path: "btqv6sk0mgg5fu5n0000" },
        { path: "btqv6sk0mgg5fu5n0001", variable: "S3" },
      ],
      datasets: [{ path: "btqv6sk0mgg5fu5n0002", variable: "SET" }],
      environment: { REGION: "eu", VERSION: "1.10", EMPTY: "" },
      dockerImage: "cr.yandex/x:1",
      dockerLogin: { username: "oauth", passwordSecret: "registry" },
      python: {
        type: "manual",
        version: "3.10",
        requirementsFile: "requirements.txt",
        rootPaths: ["."],
        localPaths: [],
        pip: {
          indexUrl: "https://pypi.example",
          extraIndexUrls: ["https://b"],
          trustedHosts: ["b"],
          noDeps: true,
        },
      },
      attachProjectDisk: true,
      instanceTypes: ["g1.1", "c1.8"],
      workingStorageBytes: 200 * 1024 ** 3,
      gracefulShutdown: { signal: "SIGINT", timeoutMs: 90_000 },
      outputDatasets: [
        {
          name: "result",
          variable: "RESULT",
          bytes: 10 * 1024 ** 3,
          description: "Numbers",
          labels: { team: "a" },
        },
      ],
      sparkConnector: "spark-1",
      root: "/jobs/train",
    });
  });

  it.each([
    ["env: { vars: { A: 010, B: yes } }", { environment: { A: "010", B: "yes" } }],
    ["env: { docker: b1gxyz }", { dockerImage: "b1gxyz" }],
    ["env: { docker: { image: cr.yandex/x } }", { dockerImage: "cr.yandex/x" }],
    ["env: { python: auto }", { python: { type: "auto", rootPaths: [], localPaths: [] } }],
    [
      "env: { python: { version: '3.11', requirements-file: r.txt, local-paths: [lib] } }",
      {
        python: {
          type: "manual",
          version: "3.11",
          requirementsFile: "r.txt",
          rootPaths: [],
          localPaths: ["lib"],
        },
      },
    ],
    [
      "env: { python: { root-path: src } }",
      { python: { type: "auto", rootPaths: ["src"], localPaths: [] } },
    ],
    ["cloud-instance-type: c1.8", { instanceTypes: ["c1.8"] }],
    [
      "graceful-shutdown: { timeout: 5s }",
      { gracefulShutdown: { signal: "SIGTERM", timeoutMs: 5_000 } },
    ],
    ["spark: { connector: abc }", { sparkConnector: "abc" }],
  ])("is read in its other form: %s", (part, expected) => {
    expect(job(`cmd: run\n${part}`)).toMatchObject(expected);
  });

  it("keeps every scalar as the text it was written as", () => {
    expect(job("cmd: 010\nname: yes\ndesc: ~\nargs: {A: 1e3}")).toMatchObject({
      command: "010",
      name: "yes",
      description: "~",
      arguments: { A: "1e3" },
    });
  });
});

const VARIABLE =
  "a variable name: 1 to 50 letters, digits, _ and -, and not DS_PROJECT_HOME, which is reserved";

describe("a faulty config.yaml", () => {
  it.each([
    ["", "config.yaml:1:1: found nothing, expected a mapping"],
    ["- a", "config.yaml:1:1: found a list, expected a mapping"],
    ["name: x", "config.yaml:1:1 cmd: found nothing, expected the command to run"],
    ["cmd:", "config.yaml:1:1 cmd: found an empty text, expected the command to run"],
    ["cmd: [a]", "config.yaml:1:6 cmd: found a list, expected the command to run"],
  ])("as a whole: %j", (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it.each([
    [
      "cmdd: x",
      '2:1 cmdd: found the unknown key "cmdd", expected one of name, desc, cmd, args, inputs, outputs, s3-mounts, datasets, env, flags, cloud-instance-type, cloud-instance-types, working-storage, graceful-shutdown, output-datasets, spark (did you mean "cmd"?)',
    ],
    ["args: [a]", "2:7 args: found a list, expected a mapping"],
    ["args: { 'a b': 1 }", `2:9 args."a b": found the name "a b", expected ${VARIABLE}`],
    [
      "inputs: [a: DS_PROJECT_HOME]",
      `2:13 inputs[0].a: found "DS_PROJECT_HOME" (text), expected ${VARIABLE}`,
    ],
    [
      "inputs: [../a]",
      '2:10 inputs[0]: found "../a" (text), expected a relative path without .., or path: VAR',
    ],
    [
      "outputs:\n- a\n- /b",
      '4:3 outputs[1]: found "/b" (text), expected a relative path without .., or path: VAR',
    ],
    [
      "inputs: [a, b, a: X]",
      '2:16 inputs[2]: found the path "a" again, after inputs[0], expected every path once',
    ],
    [
      "inputs: [a: X, {b: Y, c: Z}]",
      "2:16 inputs[1]: found a mapping, expected one path, or path: VAR, an entry",
    ],
    [
      "args: {X: 1}\noutputs: [a: X]",
      '3:11 outputs[0]: found the variable "X" again, after args.X, expected every variable once',
    ],
    [
      `inputs: [${"a: A, ".repeat(101)}]`,
      "2:9 inputs: found a list, expected a list of at most 100 entries",
    ],
    [
      "s3-mounts: [bucket]",
      '2:13 s3-mounts[0]: found "bucket" (text), expected a resource id: 20 lower-case letters and digits',
    ],
    [
      "datasets: [btqv6sk0mgg5fu5n0000, btqv6sk0mgg5fu5n0000]",
      '2:34 datasets[1]: found the id "btqv6sk0mgg5fu5n0000" again, after datasets[0], expected every id once',
    ],
    [
      "env: { vars: [HOME] }",
      '2:15 env.vars[0]: found no value for "HOME" in this environment, expected HOME set here, or HOME: value',
    ],
    [
      "env: { vars: [REGION, REGION: us] }",
      '2:23 env.vars[1]: found the variable "REGION" again, expected every variable once',
    ],
    [
      "env: { vars: [TOKEN=abc] }",
      "2:15 env.vars[0]: found text, expected the NAME of a variable, or NAME: value",
    ],
    [
      "env: { docker: { image: x, username: u, password: hunter2 } }",
      "2:51 env.docker.password: found text, expected { secret-id: NAME }, never the password itself",
    ],
    [
      "env: { docker: { image: x, username: u } }",
      "2:16 env.docker: found a mapping, expected username and password together, or neither",
    ],
    [
      "env: { python: { version: 2.7 } }",
      '2:27 env.python.version: found "2.7" (text), expected a Python version such as 3.10',
    ],
    [
      "env: { python: { root-paths: [a], local-paths: [b] } }",
      '2:18 env.python.root-paths: found a key beside "local-paths", expected one of the two keys',
    ],
    [
      "env: { python: { pip: { no-deps: maybe } } }",
      '2:34 env.python.pip.no-deps: found "maybe" (text), expected one of true, false',
    ],
    [
      "flags: [attach-project-disc]",
      '2:9 flags[0]: found "attach-project-disc" (text), expected attach-project-disk (did you mean "attach-project-disk"?)',
    ],
    [
      "cloud-instance-type: c9.9",
      '2:22 cloud-instance-type: found "c9.9" (text), expected an instance type with a known price, such as c1.4, or one that `rates` names',
    ],
    [
      "cloud-instance-types: []",
      "2:23 cloud-instance-types: found a list, expected a list of 1 to 100 entries",
    ],
    [
      "cloud-instance-types: [c1.4]\ncloud-instance-type: c1.4",
      '3:1 cloud-instance-type: found a key beside "cloud-instance-types", expected one of the two keys',
    ],
    [
      "working-storage: { size: 99GB }",
      '2:26 working-storage.size: found "99GB" (text), expected a size from 100GB to 10TB',
    ],
    [
      "working-storage: { type: HDD, size: 10TB }",
      '2:26 working-storage.type: found "HDD" (text), expected SSD',
    ],
    [
      "graceful-shutdown: { signal: SIGKILL, timeout: 1s }",
      '2:30 graceful-shutdown.signal: found "SIGKILL" (text), expected one of SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGTERM',
    ],
    [
      "output-datasets: [{name: a, var: A, size: 1GB}, {name: a, var: B, size: 1GB}]",
      '2:56 output-datasets[1].name: found the dataset name "a" again, after output-datasets[0].name, expected every dataset name once',
    ],
  ])("in one part: %s", (part, problem) => {
    expect(problemsOf(part)).toEqual([`config.yaml:${problem}`]);
  });

  it("may use the project's disk only with its flag", () => {
    expect(problems("cmd: ls ${DS_PROJECT_HOME}")).toEqual([
      "config.yaml:1:6 cmd: found DS_PROJECT_HOME without the project's disk, expected the flag attach-project-disk with it",
    ]);
  });

  it("has all its problems told, in the order of the text", () => {
    const text = "name: [x]\nargs: 5\ninputs: [/a]\nflags: attach\ncloud-instance-type: x1";

    expect(problems(text).map((problem) => problem.split(": ")[0])).toEqual([
      "config.yaml:1:1 cmd",
      "config.yaml:1:7 name",
      "config.yaml:2:7 args",
      "config.yaml:3:10 inputs[0]",
      "config.yaml:4:8 flags",
      "config.yaml:5:22 cloud-instance-type",
    ]);
  });
});
