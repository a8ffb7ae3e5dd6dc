import type { Community } from "../../core/project/project.ts";
import type { Services } from "../services.ts";
import { requireCommunity } from "./require-community.ts";

export async function getCommunity(
  { store }: Pick<Services, "store">,
  id: string,
): Promise<Community> {
  return await store.snapshot(async (reader) => await requireCommunity(reader, id));
}
