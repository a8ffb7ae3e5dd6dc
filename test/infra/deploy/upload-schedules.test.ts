import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";
import { describe, expect, it } from "vitest";
import { folderFiles } from "../../../infra/deploy/folder-files.ts";
import { uploadSchedules } from "../../../infra/deploy/upload-schedules.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";

const KEY = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };

async function folderWith(test: Closing, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "orrery-deploy-"));
  test.onTestFinished(async () => await rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** A bucket of an emulator, and a look into it that knows nothing of us. */
async function aBucket(test: Closing) {
  const emulator = await startFauxqs({ port: 0, logger: false, init: { buckets: ["files"] } });
  test.onTestFinished(async () => await emulator.stop());
  const endpoint = `http://127.0.0.1:${emulator.port}`;
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const s3 = new S3Client({ endpoint, region: "ru-central1", credentials, forcePathStyle: true });
  test.onTestFinished(() => s3.destroy());
  return {
    environment: { ...KEY, ORRERY_S3_ENDPOINT: endpoint },
    keys: async () => {
      const { Contents: found = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "files" }));
      return found.map(({ Key }) => Key ?? "").toSorted();
    },
    text: async (key: string) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "files", Key: key }));
      return (await Body?.transformToString()) ?? "";
    },
  };
}

const SCHEDULES = {
  "team.yaml": "version: 1\n",
  "jobs/train/config.yaml": "cmd: python main.py\n",
  "jobs/train/main.py": "print(1)\n",
  ".git/HEAD": "ref",
  "jobs/train/.env": "TOKEN=secret",
  "node_modules/x/index.js": "x",
  "jobs/__pycache__/main.pyc": "x",
};

describe("schedules that are uploaded", () => {
  it("bring their folder along, under the name that is applied, and nothing that is hidden", async (test) => {
    const folder = await folderWith(test, SCHEDULES);
    const { environment, keys, text } = await aBucket(test);
    const upload = {
      file: join(folder, "team.yaml"),
      bucket: "files",
      environment,
      clock: realClock,
    };

    const first = await uploadSchedules(upload);

    expect(await keys()).toEqual([
      "config/jobs/train/config.yaml",
      "config/jobs/train/main.py",
      "config/orrery.yaml",
    ]);
    expect(await text("config/orrery.yaml")).toBe("version: 1\n");
    expect(first.written).toHaveLength(3);
    expect(await uploadSchedules(upload)).toEqual({ written: [], unchanged: 3 });
  });

  it("are sent again where they changed, though their size is the same", async (test) => {
    const folder = await folderWith(test, SCHEDULES);
    const { environment, text } = await aBucket(test);
    const upload = {
      file: join(folder, "team.yaml"),
      bucket: "files",
      environment,
      clock: realClock,
    };
    await uploadSchedules(upload);
    await writeFile(join(folder, "jobs/train/main.py"), "print(2)\n");

    expect(await uploadSchedules(upload)).toEqual({
      written: ["jobs/train/main.py"],
      unchanged: 2,
    });
    expect(await text("config/jobs/train/main.py")).toBe("print(2)\n");
  });

  it("are refused beside another file of the name that is applied", async (test) => {
    const folder = await folderWith(test, { ...SCHEDULES, "orrery.yaml": "version: 1\n" });
    const file = join(folder, "team.yaml");

    await expect(
      uploadSchedules({ file, bucket: "files", environment: KEY, clock: realClock }),
    ).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
  });

  it("need a key, by any of the names that there are for it", async (test) => {
    const folder = await folderWith(test, SCHEDULES);
    const file = join(folder, "team.yaml");

    await expect(
      uploadSchedules({ file, bucket: "files", environment: {}, clock: realClock }),
    ).rejects.toThrow("YC_MESSAGE_QUEUE_ACCESS_KEY");
  });
});

describe("the files of a folder", () => {
  it("are not what links lead to", async (test) => {
    const folder = await folderWith(test, { "a.txt": "1" });
    await symlink("/etc", join(folder, "etc"));
    await symlink("/etc/passwd", join(folder, "passwd"));

    expect(await folderFiles(folder)).toEqual([{ path: "a.txt", bytes: 1 }]);
  });

  it("are refused where there are more than a schedules folder has", async (test) => {
    const names = Array.from({ length: limits.deployFiles + 1 }, (_, at) => [`${at}`, ""]);
    const folder = await folderWith(test, Object.fromEntries(names) as Record<string, string>);

    await expect(folderFiles(folder)).rejects.toThrow(`more than ${limits.deployFiles} files`);
  });
});
