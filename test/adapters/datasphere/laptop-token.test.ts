import { describe, expect, it } from "vitest";
import { laptopToken } from "../../../shared/adapters/datasphere/laptop-token.ts";
import { realClock } from "../../support/real-clock.ts";

describe("a laptop's token for DataSphere", () => {
  it.each([
    [{ DATASPHERE_TOKEN: "t1.a", YC_IAM_TOKEN: "t1.b" }, "t1.a"],
    [{ DATASPHERE_TOKEN: " ", YC_IAM_TOKEN: "t1.b\n", YC_TOKEN: "t1.c" }, "t1.b"],
    [{ YC_TOKEN: "t1.c" }, "t1.c"],
  ])("comes from the first variable that has one: %o", async (environment, token) => {
    expect(await laptopToken(environment, realClock).token()).toBe(token);
  });

  it.each(["y0_oauth", "AQAAAAoauth", "two words"])(
    "is not %s, and no error repeats it",
    (text) => {
      const read = (): unknown => laptopToken({ YC_TOKEN: text }, realClock);

      expect(read).toThrow(/YC_TOKEN holds no IAM token/);
      expect(read).not.toThrow(new RegExp(text));
    },
  );
});
