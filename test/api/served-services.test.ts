import type { DescService } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApi } from "../../shared/api/create-api.ts";
import { registry } from "../../shared/api/any.ts";
import { servedServices } from "../../shared/api/served-services.ts";
import { ApiWorld } from "./an-api.ts";

let world: ApiWorld;

beforeEach(() => {
  world = new ApiWorld();
});

afterEach(async () => {
  await world.close();
});

describe("the API", () => {
  it("serves every method of every service of the protos", () => {
    const api = createApi(world.services, servedServices(world.services));

    const ofProtos = [...registry].filter((each): each is DescService => each.kind === "service");
    const names = (services: readonly DescService[]): readonly string[] =>
      services.map(({ typeName }) => typeName).toSorted();
    expect(ofProtos.length).toBeGreaterThan(15);
    expect(names(api.services)).toEqual(names(ofProtos));
  });
});
