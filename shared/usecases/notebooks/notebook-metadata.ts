import { OrreryError, wrongFields } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { parseNotebook } from "../../core/notebook/notebook-file.ts";
import { storagePath } from "../../core/project/storage-path.ts";
import type { Files, StorageFile } from "../../ports/files.ts";
import { requireProject } from "../projects/require-project.ts";
import type { Services } from "../services.ts";

/** A notebook file of a project, and the ids of its cells in their order. */
interface NotebookMetadata {
  readonly file: StorageFile;
  readonly cells: readonly string[];
}

/** `FILE_NOT_FOUND` where the storage has no such file. */
export async function getNotebookMetadata(
  { store, files }: Pick<Services, "store" | "files">,
  wanted: { readonly project: string; readonly path: string },
): Promise<NotebookMetadata> {
  const { id } = await store.snapshot(
    async (reader) => await requireProject(reader, wanted.project),
  );
  const path = storagePath(wanted.path);
  const file = path === undefined ? undefined : await files.stat(id, path);
  if (path === undefined || file === undefined) {
    throw new OrreryError(
      "FILE_NOT_FOUND",
      `Project ${id} has no notebook "${wanted.path}" in its storage: put it there`,
    );
  }
  if (file.bytes > limits.notebookBytes) {
    throw wrong(`"${path}" has ${file.bytes} bytes and may have ${limits.notebookBytes}`);
  }
  const notebook = parseNotebook(await textOf(files, id, path));
  if (notebook === undefined) throw wrong(`"${path}" is not a notebook of nbformat 4`);
  return { file: { ...file, path }, cells: notebook.cells.map((cell) => cell.id) };
}

async function textOf(files: Files, project: ProjectId, path: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of files.read(project, path)) {
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function wrong(description: string): OrreryError {
  const field = "notebook_path";
  return wrongFields([{ field, description }]);
}
