import type { CommunityId, ProjectId } from "../core/ids.ts";
import type { ProviderLimits } from "../core/units/account.ts";

/** A project as the provider that owns it tells of it. */
export interface ProviderProject {
  readonly id: ProjectId;
  readonly community: CommunityId;
  /** May be empty. */
  readonly name: string;
  /** The instance type that notebooks have unless told; empty where none is set. */
  readonly defaultInstanceType: string;
  /** An absent limit means there is none, which is not the same as zero. */
  readonly limits: ProviderLimits;
  /** What it may still spend; absent means without end. Zero or less stops everything. */
  readonly balance?: number;
}

/** A call of one of the provider's methods, in protobuf's binary form. */
export interface ProviderCall {
  /** As gRPC writes it: `/yandex.cloud.datasphere.v2.ProjectService/Get`. */
  readonly path: string;
  readonly request: Uint8Array;
  /** `some` for what changes something: it is sent once. */
  readonly effect: "none" | "some";
  /** Travels as `idempotency-key`. */
  readonly key?: string;
}

/** The provider said no, or an operation of its kind failed: its own code, text and details. */
export class ProviderRefusal extends Error {
  /** A number of `google.rpc.Code`. */
  readonly code: number;
  /** `google.rpc.Status` in binary form, where the provider sent details. */
  readonly status: Uint8Array | undefined;

  constructor(code: number, message: string, status?: Uint8Array, cause?: unknown) {
    super(message, { cause });
    this.name = "ProviderRefusal";
    this.code = code;
    this.status = status;
  }
}

/**
 * Who owns the projects, where that is not us: DataSphere.
 *
 * V1 Every call ends within a bounded time, with an answer or an error.
 * V2 What the provider answers is a `ProviderRefusal` with its code, or the answer. Where there is no
 *    answer at all it is an `OrreryError`: `PROVIDER_UNAVAILABLE`, or `PROVIDER_OUTCOME_UNKNOWN` for
 *    a call that may have had its effect.
 * V3 No error carries a token.
 */
export interface Provider {
  /** A project's facts, within `limits.providerLookMs`; undefined where it knows no such project. */
  project(id: ProjectId): Promise<ProviderProject | undefined>;
  /** Whether it knows a community, within the same time. */
  hasCommunity(id: CommunityId): Promise<boolean>;
  /** The answer in binary form, as the provider gave it. */
  call(call: ProviderCall): Promise<Uint8Array>;
}
