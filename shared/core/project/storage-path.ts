/** Where DataSphere mounts a project's storage. */
const PROJECT_HOME = "/home/jupyter/datasphere/project/";

/**
 * The path of a file inside its project's storage, from what a caller names: a relative path, or
 * DataSphere's absolute one. Undefined where it leads anywhere else.
 */
export function storagePath(named: string): string | undefined {
  const inside = named.startsWith(PROJECT_HOME) ? named.slice(PROJECT_HOME.length) : named;
  if (inside.startsWith("/") || inside.includes("\0")) return undefined;
  const parts = inside.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 || parts.includes("..") ? undefined : parts.join("/");
}
