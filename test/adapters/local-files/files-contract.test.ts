import { createHash } from "node:crypto";
import { filesFace } from "../../../infra/local/files-face.ts";
import { openDataDirectory } from "../../../infra/local/wiring.ts";
import { jobId, projectId } from "../../../shared/core/ids.ts";
import { writeJob } from "../../../shared/records/job-record.ts";
import { writeProject } from "../../../shared/records/project-record.ts";
import { describeFiles } from "../../contract/files.ts";
import { aFolder, aFront } from "../../infra/local/a-front.ts";
import { aProject } from "../../support/access-builders.ts";
import { aStoredJob } from "../../support/job-builder.ts";
import { keptLog } from "../../support/kept-log.ts";
import { realClock } from "../../support/real-clock.ts";

describeFiles("on this machine", async (test) => {
  const directory = aFolder(test);
  let address = "";
  const { store, files, executor } = openDataDirectory(directory, () => address);
  test.onTestFinished(async () => await store.close());
  const project = projectId("demo");
  await store.transact("test", async (tx) => {
    writeProject(tx, undefined, aProject({ id: project }));
    await Promise.resolve();
  });
  const face = { files, store, executor, log: keptLog(), clock: realClock };
  ({ address } = await aFront(test, { directory, files: filesFace(face) }));
  let jobs = 0;
  return {
    files,
    need: async (content) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      const file = { sha256, bytes: Buffer.byteLength(content), isArchive: false };
      const id = jobId(`bt1needy${String((jobs += 1)).padStart(12, "0")}`);
      await store.transact("test", async (tx) => {
        writeJob(tx, undefined, aStoredJob({ id, project, files: [file] }));
        await Promise.resolve();
      });
    },
  };
});
