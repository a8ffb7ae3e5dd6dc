import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Instant } from "../../shared/core/time/instant.ts";
import { openDatabase, localClock, type SchemaProgress } from "../local/wiring.ts";
import { apiToken, databaseEnvironment } from "./credentials.ts";
import { failed, runShown } from "./external-command.ts";
import { terraformIn, type Installation } from "./terraform.ts";
import { uploadSchedules } from "./upload-schedules.ts";

/** A platform that was just deployed, as its smoke test asks it. */
export interface Deployed {
  readonly installation: Installation;
  readonly token: string;
  /** When its schedules file was changed in the bucket; absent where it was not. */
  readonly changedAt?: Instant;
}

export interface DeployOptions {
  /** The package's folder: its build, and `infra/terraform` unless said otherwise. */
  readonly root: string;
  readonly terraform: string;
  /** The schedules file to put into the bucket, already found right; none leaves what is there. */
  readonly schedules?: string | undefined;
  readonly planOnly: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A step begins, or something is worth knowing. */
  readonly say: (line: string) => void;
  /** Whether the plan that was just shown is to be applied. */
  readonly confirm: () => Promise<boolean>;
  /** Asks the platform until it works as it should; throws where it does not. */
  readonly smokeTest: (deployed: Deployed) => Promise<void>;
}

/**
 * Builds the functions, applies the Terraform configuration, brings the schema up to date, uploads
 * the schedules, and asks the platform whether it works. Each step can be repeated, so a deployment
 * that failed is simply made again. Resolves to the installation; undefined where only a plan was
 * wanted, or it was not confirmed.
 */
export async function deploy(options: DeployOptions): Promise<Installation | undefined> {
  const { environment, say } = options;
  say("Building the functions");
  await build(options.root);
  const terraform = terraformIn(options.terraform);
  say("Planning with Terraform");
  await terraform.init();
  if (!(await planAndApply(options, terraform))) return undefined;
  const installation = await terraform.installation();
  say("Bringing the database's schema up to date");
  await migrate(installation, await databaseEnvironment(environment), say);
  const changedAt = await upload(options, installation);
  say("Asking the platform whether it works");
  const token = await apiToken(environment, installation.apiTokenSecret);
  const changed = changedAt === undefined ? {} : { changedAt };
  await options.smokeTest({ installation, token, ...changed });
  return installation;
}

/** In a checkout the functions are built; the packed form has them. */
async function build(root: string): Promise<void> {
  if (existsSync(join(root, "infra/bundle.ts"))) {
    const command = {
      program: "npm",
      args: ["run", "build"],
      directory: root,
      from: "https://nodejs.org",
    };
    const code = await runShown(command);
    if (code !== 0) throw failed(command, `ended with exit code ${code}`);
    return;
  }
  if (existsSync(join(root, "dist/functions"))) return;
  throw new OrreryError("DEPLOY_FAILED", `${root} has no built functions: run \`npm run build\``);
}

/** Whether there is something deployed to go on with. */
async function planAndApply(
  { planOnly, confirm, say }: DeployOptions,
  terraform: ReturnType<typeof terraformIn>,
): Promise<boolean> {
  // A plan may hold what is secret: it is nobody else's, and goes.
  const folder = await mkdtemp(join(tmpdir(), "orrery-plan-"));
  const file = join(folder, "plan");
  try {
    const changes = await terraform.plan(file);
    if (planOnly) return false;
    if (!changes) {
      say("Terraform finds nothing to change");
      return true;
    }
    if (!(await confirm())) return false;
    say("Applying the plan");
    await terraform.apply(file);
    return true;
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}

async function migrate(
  { database: address }: Installation,
  environment: DeployOptions["environment"],
  say: DeployOptions["say"],
): Promise<void> {
  const database = await openDatabase(address, environment);
  const report = ({ statement, statements, state }: SchemaProgress): void => {
    if (state === "waiting") say(`  ${statement}/${statements} waits for the database's quota`);
  };
  try {
    const { from, to, statements } = await database.migrate(report);
    say(
      statements.length === 0
        ? `  it is at version ${to} already`
        : `  from version ${from} to ${to}, in ${statements.length} statements`,
    );
  } finally {
    await database.close();
  }
}

/** When something was changed in the bucket; undefined where nothing was. */
async function upload(
  { schedules, environment, say }: DeployOptions,
  { bucket }: Installation,
): Promise<Instant | undefined> {
  if (schedules === undefined) return undefined;
  say(`Uploading ${schedules} and the folder around it`);
  const startedAt = localClock.now();
  const at = { file: schedules, bucket, environment, clock: localClock };
  const { written, unchanged } = await uploadSchedules(at);
  const told = written.slice(0, limits.deployToldFiles);
  for (const path of told) say(`  ${path}`);
  if (written.length > told.length) say(`  and ${written.length - told.length} more`);
  say(`  ${written.length} written, ${unchanged} unchanged`);
  return written.length === 0 ? undefined : startedAt;
}
