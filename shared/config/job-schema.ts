import * as z from "zod";
import type { JobFile } from "../core/job/job-definition.ts";
import { limits } from "../core/limits.ts";
import { parseByteSize } from "./byte-size.ts";
import { duration, text, textLike, textRead } from "./field-schemas.ts";

/** A variable of a job's command. Source: DataSphere Jobs CLI, names it substitutes. */
export const variableName = textLike(
  /^(?!DS_PROJECT_HOME$)[0-9A-Za-z_-]{1,50}$/,
  "a variable name: 1 to 50 letters, digits, _ and -, and not DS_PROJECT_HOME, which is reserved",
);

const environmentName = textLike(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "the NAME of a variable, or NAME: value",
);
const resourceId = textLike(/^[0-9a-z]{20}$/, "a resource id: 20 lower-case letters and digits");
const path = text("a path");

function list<S extends z.ZodType>(element: S, min: 0 | 1 = 0): z.ZodArray<S> {
  const error = `a list of ${min === 0 ? "at most" : "1 to"} ${limits.jobListEntries} entries`;
  return z.array(element, { error }).min(min, { error }).max(limits.jobListEntries, { error });
}

/** One entry of a list of files: `path`, `path: VAR` or `path: {var: VAR}`. */
function fileEntry(
  name: z.ZodString,
): z.ZodPipe<z.ZodUnion, z.ZodTransform<JobFile, string | Record<string, unknown>>> {
  const variable = z.union([
    variableName,
    z.strictObject({ var: variableName }).transform((entry) => entry.var),
  ]);
  return z.union([name, z.record(name, variable)]).transform((entry, context) => {
    if (typeof entry === "string") return { path: entry };
    const pairs = Object.entries(entry);
    const [only] = pairs;
    if (only !== undefined && pairs.length === 1) return { path: only[0], variable: only[1] };
    const message = "one path, or path: VAR, an entry";
    context.issues.push({ code: "custom", input: entry, message });
    return z.NEVER;
  });
}

const python = z.strictObject({
  type: z.enum(["auto", "manual"]).exactOptional(),
  // DataSphere chooses the patch version itself; the CLI cuts it off.
  version: textLike(/^3\.\d+(\.\d+)?$/, "a Python version such as 3.10")
    .transform((version) => version.split(".").slice(0, 2).join("."))
    .exactOptional(),
  "requirements-file": path.exactOptional(),
  "root-paths": list(path).exactOptional(),
  // The documentation names the list so in places.
  "root-path": z.union([path.transform((only) => [only]), list(path)]).exactOptional(),
  "local-paths": list(path).exactOptional(),
  pip: z
    .strictObject({
      "index-url": text("a URL").exactOptional(),
      "extra-index-urls": list(text("a URL")).exactOptional(),
      "trusted-hosts": list(text("a host name")).exactOptional(),
      "no-deps": z
        .enum(["true", "false"])
        .transform((flag) => flag === "true")
        .exactOptional(),
    })
    .exactOptional(),
});

const dockerImage = text("an image id or URL");
const docker = z
  .strictObject({
    image: dockerImage,
    username: text("a user name").exactOptional(),
    password: z
      .strictObject(
        { "secret-id": text("the name of a DataSphere secret") },
        { error: wordedAs("{ secret-id: NAME }, never the password itself") },
      )
      .exactOptional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: "username and password together, or neither",
  });

const outputDataset = z.strictObject({
  name: text("a dataset name"),
  var: variableName,
  size: textRead((written) => parseByteSize(written) || undefined, "a size such as 10GB"),
  description: z.string().exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
});

/**
 * The shape of a DataSphere Jobs `config.yaml`, every scalar a text, as its CLI reads it.
 * Source: DataSphere Jobs, "Job configuration file", and the CLI.
 */
export const jobSchema = z.strictObject({
  name: z.string().exactOptional(),
  desc: z.string().exactOptional(),
  // Required, but by `checkJob`: a job without it still has its other keys checked.
  cmd: text("the command to run").exactOptional(),
  args: z.record(variableName, z.string()).exactOptional(),
  inputs: list(fileEntry(path)).exactOptional(),
  outputs: list(fileEntry(path)).exactOptional(),
  "s3-mounts": list(fileEntry(resourceId)).exactOptional(),
  datasets: list(fileEntry(resourceId)).exactOptional(),
  env: z
    .strictObject({
      vars: z
        .union([
          list(z.union([environmentName, z.record(environmentName, z.string())])),
          z.record(environmentName, z.string()),
        ])
        .exactOptional(),
      docker: z.union([dockerImage, docker]).exactOptional(),
      python: z.union([z.literal("auto"), python]).exactOptional(),
    })
    .exactOptional(),
  flags: list(z.enum(["attach-project-disk"])).exactOptional(),
  "cloud-instance-type": text("an instance type such as c1.4").exactOptional(),
  "cloud-instance-types": list(text("an instance type such as c1.4"), 1).exactOptional(),
  "working-storage": z
    .strictObject({
      type: z.enum(["SSD"]).exactOptional(),
      size: textRead((written) => {
        const bytes = parseByteSize(written) ?? 0;
        return bytes >= limits.jobDiskMinBytes && bytes <= limits.jobDiskMaxBytes
          ? bytes
          : undefined;
      }, "a size from 100GB to 10TB"),
    })
    .exactOptional(),
  "graceful-shutdown": z
    .strictObject({
      signal: z.enum(["SIGHUP", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGTERM"]).exactOptional(),
      timeout: duration(0, limits.timeoutMaxMs),
    })
    .exactOptional(),
  "output-datasets": list(outputDataset).exactOptional(),
  spark: z
    .strictObject({
      connector: z.union([
        text("a connector id"),
        z.strictObject({ id: text("a connector id") }).transform((connector) => connector.id),
      ]),
    })
    .exactOptional(),
});

export type JobTexts = z.output<typeof jobSchema>;

/** Words the wrong kind of value, and leaves unknown keys to the common wording. */
function wordedAs(expected: string): z.core.$ZodErrorMap {
  return (issue) => (issue.code === "invalid_type" ? expected : undefined);
}
