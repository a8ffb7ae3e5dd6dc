import { digest, type ProjectId } from "../../core/ids.ts";

/** A project's name as one path component; a name that is not safe as such becomes its digest. */
export function projectFolder(project: ProjectId): string {
  return /^[\w-]{1,64}$/.test(project) ? project : digest([project], 20);
}
