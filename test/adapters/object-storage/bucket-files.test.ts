import { openObjectStorage } from "../../../shared/adapters/object-storage/open-object-storage.ts";
import { describeFiles } from "../../contract/files.ts";
import { strictS3 } from "../../support/s3/strict-s3.ts";

describeFiles("in a bucket", async (test) => {
  const { connection } = await strictS3(test);
  const storage = openObjectStorage(connection);
  test.onTestFinished(() => storage.close());
  return { files: storage.files, need: async () => await Promise.resolve() };
});
