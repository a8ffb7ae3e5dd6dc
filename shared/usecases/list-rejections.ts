import { scanRejections, type Rejection } from "../records/rejection-record.ts";
import type { Services } from "./services.ts";

/** Queues, and `apply`: configurations that had problems. */
const SOURCES = ["intake", "submit", "watch", "notify", "apply"];

/** The latest messages set aside from any source, the one sent last first, at most `limit` (1 to 900). */
export async function listRejections(
  services: Pick<Services, "store">,
  limit: number,
): Promise<readonly Rejection[]> {
  return await services.store.snapshot(async (reader) => {
    const rejections: Rejection[] = [];
    for (const source of SOURCES) rejections.push(...(await scanRejections(reader, source, limit)));
    return rejections.toSorted((a, b) => b.sentAt - a.sentAt).slice(0, limit);
  });
}
