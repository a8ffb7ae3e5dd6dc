import type { Instant } from "../time/instant.ts";

/** What can be shared with a project or a community. Source: DataSphere, `ResourceType`. */
export type ResourceKind = "secret" | "dockerImage" | "dataset" | "s3" | "node" | "alias";

/**
 * A resource that a project or a community may use, and whether it is switched on there. Switching
 * on is a project's own affair: what its community shares gets a row in the project for that.
 */
export interface SharedResource {
  readonly kind: ResourceKind;
  /** The id that whoever made it gave it; it lives outside of this product. */
  readonly id: string;
  readonly addedAt: Instant;
  readonly addedBy: string;
  readonly active: boolean;
  /** The community shares it, not the project itself. */
  readonly through?: "community";
}
