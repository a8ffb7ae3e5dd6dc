import type { JobFile, StoredFile } from "../../core/job/job-definition.ts";
import {
  FileCompressionType,
  type File,
  type FileDesc,
  type JobParameters,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";

/** A file by its path and variable, whatever its content. */
export function namedFile(desc: FileDesc | undefined): JobFile {
  const { path = "", var: variable = "" } = desc ?? {};
  return variable === "" ? { path } : { path, variable };
}

export function storedFile({ sha256, sizeBytes, compressionType }: File): StoredFile {
  const isArchive = compressionType === FileCompressionType.ZIP;
  return { sha256, bytes: Number(sizeBytes), isArchive };
}

export function uploadedFile(file: File): JobFile {
  return { ...namedFile(file.desc), stored: storedFile(file) };
}

/** Every file that has to be uploaded. */
export function uploadsOf(parameters: JobParameters): readonly File[] {
  return [...parameters.inputFiles, ...(parameters.env?.pythonEnv?.localModules ?? [])];
}
