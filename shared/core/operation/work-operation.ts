import { assert } from "../assert.ts";
import type { AnyJson } from "../json.ts";

/** What an opening project goes through, by the names of `OpenProjectMetadata`. */
export const OPEN_STATUSES = [
  "CLOSING_IDE",
  "UNZIPPING_PROJECT",
  "ALLOCATING_VM",
  "ALLOCATING_RESOURCES",
  "STARTING_IDE",
] as const;

const TYPES = "type.googleapis.com";
const JOBS = `${TYPES}/yandex.cloud.datasphere.v2.jobs`;

/** The metadata of an opening project at a step; an operation of v1 tells no status. */
export function openMetadata(metadata: AnyJson, step: number): AnyJson {
  const status = OPEN_STATUSES[step];
  assert(status !== undefined, `a project opens in ${OPEN_STATUSES.length} steps`);
  return versionOf(metadata) === "v1"
    ? metadata
    : { ...metadata, status: `OPEN_PROJECT_STATUS_${status}` };
}

/** The response of an opened project, in the version of its metadata. */
export function openResponse(
  metadata: AnyJson,
  opened: { readonly projectUrl: string; readonly sessionToken: string },
): AnyJson {
  const { projectUrl, sessionToken } = opened;
  const type = `${TYPES}/yandex.cloud.datasphere.${versionOf(metadata)}.OpenProjectResponse`;
  return { "@type": type, projectUrl, sessionToken };
}

function versionOf(metadata: AnyJson): string {
  return metadata["@type"].includes(".v1.") ? "v1" : "v2";
}

/** The response of work that has nothing to tell, such as a deletion. */
export const EMPTY_RESPONSE: AnyJson = { "@type": `${TYPES}/google.protobuf.Empty` };

/** The responses of calls that clear data and keep the jobs. */
export const DATA_CLEARED: AnyJson = { "@type": `${JOBS}.DeleteProjectJobDataResponse` };
export const ALL_DATA_CLEARED: AnyJson = { "@type": `${JOBS}.DeleteAllProjectJobDataResponse` };
