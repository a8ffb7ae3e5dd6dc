/** What Orrery reads of a notebook file. */
export interface NotebookFile {
  /** In their order. A cell without an id, as files before nbformat 4.5 have, is `#1`, `#2` … */
  readonly cells: readonly { readonly id: string; readonly isCode: boolean }[];
  /** The language of its kernel, where the file says so. */
  readonly language?: string;
}

/** Reads the text of an `.ipynb` file; undefined where it is no notebook of nbformat 4. */
export function parseNotebook(text: string): NotebookFile | undefined {
  const file = objectOf(parsed(text));
  if (file?.["nbformat"] !== 4 || !Array.isArray(file["cells"])) return undefined;
  const cells = (file["cells"] as readonly unknown[]).map((each, index) => {
    const cell = objectOf(each);
    const id = cell?.["id"];
    return {
      id: typeof id === "string" && id !== "" ? id : `#${index + 1}`,
      isCode: cell?.["cell_type"] === "code",
    };
  });
  const metadata = objectOf(file["metadata"]);
  const language =
    objectOf(metadata?.["kernelspec"])?.["language"] ??
    objectOf(metadata?.["language_info"])?.["name"];
  return { cells, ...(typeof language === "string" ? { language } : {}) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
