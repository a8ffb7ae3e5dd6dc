import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commandVariables,
  substitute,
  type VariableSources,
} from "../../../shared/core/job/substitute.ts";

function filled(command: string, part: Partial<VariableSources>): string | readonly string[] {
  const sources = { files: {}, run: {}, arguments: {}, environment: {}, ...part };
  const result = substitute(command, commandVariables(sources));
  return result.ok ? result.command : result.unknown;
}

describe("a command with variables", () => {
  it("gets files, arguments and plain values of the run written into it, everywhere", () => {
    const command = filled("fit ${DATA} --lr ${lr-0} '${DATE}' ${DATE}", {
      files: { DATA: ".inputs/DATA/a.csv" },
      arguments: { "lr-0": "a b" },
      run: { DATE: "2027-01-15" },
    });

    expect(command).toBe("fit .inputs/DATA/a.csv --lr a b '2027-01-15' 2027-01-15");
  });

  it("takes the run's value over the argument of the same name", () => {
    expect(filled("${X}", { arguments: { X: "1" }, run: { X: "2" } })).toBe("2");
  });

  it("leaves a value a shell could act upon to the shell, argument or not", () => {
    const part = { arguments: { X: "1" }, run: { X: "; rm -rf ~" } };

    expect(filled('echo "${X}"', part)).toBe('echo "${X}"');
  });

  it("leaves names of the environment to the shell", () => {
    expect(filled("${HOME_PAGE}", { environment: { HOME_PAGE: "x" } })).toBe("${HOME_PAGE}");
  });

  it("names what nobody gives a value, each once", () => {
    expect(filled("${A} ${B:-1} ${A}", {})).toEqual(["A", "B:-1"]);
  });

  it("refuses a value for the shell under a name no shell can spell", () => {
    expect(filled("${my-var}", { run: { "my-var": "a b" } })).toEqual(["my-var"]);
  });

  it("does not take what every object inherits for a value", () => {
    expect(filled("${constructor}", {})).toEqual(["constructor"]);
  });

  it("does not look into the values it wrote", () => {
    expect(filled("${A}", { arguments: { A: "${B}$&", B: "no" } })).toBe("${B}$&");
  });

  it("keeps $NAME and everything else as it was", () => {
    expect(filled("echo $HOME $(date) $1 {x}", {})).toBe("echo $HOME $(date) $1 {x}");
  });
});

describe("a run's variable in a command", () => {
  it("never brings a character into it that a shell acts upon", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const command = filled("${X}", { run: { X: value } });

        expect(command).toMatch(/^(?:\$\{X\}|[0-9A-Za-z_./@%+=:,-]*)$/);
      }),
    );
  });
});
