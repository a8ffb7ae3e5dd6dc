import type { MessageInitShape } from "@bufbuild/protobuf";
import { SECOND_MS } from "../../../core/time/duration.ts";
import type { Estimate } from "../../../core/units/estimate.ts";
import type { EstimateSchema } from "../../../gen/orrery/v1/usage_service_pb.ts";

/** An estimate as the API shows it; a second that began counts, as it is billed. */
export function estimateMessage({
  units,
  durationMs,
  source,
  runs,
}: Estimate): MessageInitShape<typeof EstimateSchema> {
  const seconds = BigInt(Math.ceil(durationMs / SECOND_MS));
  return { units: BigInt(units), seconds, source, runs };
}
