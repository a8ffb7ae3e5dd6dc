import { describe, expect, it } from "vitest";
import { parseNotebook } from "../../../shared/core/notebook/notebook-file.ts";

const text = (fields: object): string => JSON.stringify({ nbformat: 4, cells: [], ...fields });

describe("a notebook file", () => {
  it("has cells with their ids, or their places where they have none", () => {
    const cells = [{ id: "a", cell_type: "code" }, { cell_type: "markdown" }, { id: 7 }, null];

    expect(parseNotebook(text({ cells }))).toEqual({
      cells: [
        { id: "a", isCode: true },
        { id: "#2", isCode: false },
        { id: "#3", isCode: false },
        { id: "#4", isCode: false },
      ],
    });
  });

  it("says its kernel's language in one of two places", () => {
    const kernelspec = { language: "R" };
    const info = { name: "python" };

    expect(parseNotebook(text({ metadata: { kernelspec, language_info: info } }))?.language).toBe(
      "R",
    );
    expect(parseNotebook(text({ metadata: { language_info: info } }))?.language).toBe("python");
    expect(parseNotebook(text({ metadata: null }))?.language).toBeUndefined();
  });

  it.each(["", "[", "null", "[]", "{}", text({ nbformat: 3 }), text({ cells: {} })])(
    "is not what says %j",
    (other) => {
      expect(parseNotebook(other)).toBeUndefined();
    },
  );
});
