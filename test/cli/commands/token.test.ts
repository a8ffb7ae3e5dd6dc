import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

describe("orrery token", () => {
  it("shows a secret once and keeps none of it", async () => {
    const { code, out } = await orrery("token", "create", "anna", "--data", world.directory);

    const secret = out.trim();
    expect(code).toBe(0);
    expect(secret).toMatch(/^orr_[0-9a-z]{40}$/);
    for (const name of readdirSync(world.directory)) {
      if (!name.startsWith("orrery.db")) continue;
      expect(readFileSync(join(world.directory, name)).includes(secret.slice(4))).toBe(false);
    }
  });

  it("lists tokens without their secrets, and deletes them", async () => {
    const made = (await orreryJson(
      ...["token", "create", "bot", "--type", "serviceAccount"],
      ...["--expires", "2097-01-01T00:00:00Z", "--data", world.directory],
    )) as { readonly token: string; readonly secret: string };

    expect(await orreryJson("token", "list", "--data", world.directory)).toMatchObject({
      tokens: [
        {
          token: made.token,
          subject: "bot",
          type: "serviceAccount",
          expiresAt: "2097-01-01T00:00:00Z",
        },
      ],
    });
    await orrery("token", "delete", made.token, "--data", world.directory);
    expect(await orreryJson("token", "list", "--data", world.directory)).toEqual({ tokens: [] });
  });

  it.each([
    [["create", "orrery"], 2, "no single caller"],
    [["create", "anna", "--expires", "yesterday"], 2, "Expected an instant"],
    [["create", "anna", "--expires", "2001-01-01T00:00:00Z"], 2, "has passed"],
  ])("refuses %j", async (args, code, text) => {
    const printed = await orrery("token", ...args, "--data", world.directory);

    expect(printed.code).toBe(code);
    expect(printed.err).toContain(text);
  });
});
