import { describe, expect, it } from "vitest";
import { mainScriptOf } from "../../../shared/core/job/main-script.ts";

describe("the main script of a command", () => {
  it.each([
    ["python3 train.py --epochs 3", "train.py"],
    ["python -u -W ignore src/train.py", "src/train.py"],
    ["/usr/bin/python3.10 train.py", "train.py"],
    ["python -m pack.train --fast", "pack/train.py"],
    ["SEED=1 OMP_NUM_THREADS=2 python train.py", "train.py"],
    ["bash -e 'run.sh'", "run.sh"],
    ["  ./bin/train --fast", "./bin/train"],
    ["train", "train"],
  ])("%s is %s", (command, script) => {
    expect(mainScriptOf(command)).toBe(script);
  });

  it.each(["python -c 'print(1)'", "bash -c 'a && b'", "python3", "python -m", "", "A=1"])(
    "is absent in %j",
    (command) => {
      expect(mainScriptOf(command)).toBeUndefined();
    },
  );
});
