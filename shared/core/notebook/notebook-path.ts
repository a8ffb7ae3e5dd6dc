/** Where DataSphere mounts a project's storage for its notebooks. */
const PROJECT_HOME = "/home/jupyter/datasphere/project/";

/**
 * The path of a notebook inside its project's storage, from what a caller names: a relative path, or
 * DataSphere's absolute one. Undefined where it leads anywhere else.
 */
export function notebookPath(id: string): string | undefined {
  const inside = id.startsWith(PROJECT_HOME) ? id.slice(PROJECT_HOME.length) : id;
  if (inside.startsWith("/") || inside.includes("\0")) return undefined;
  const parts = inside.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 || parts.includes("..") ? undefined : parts.join("/");
}
