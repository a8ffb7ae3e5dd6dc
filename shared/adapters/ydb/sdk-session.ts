import type { OperationParams, TableSession } from "ydb-sdk";
import { limits } from "../../core/limits.ts";
import type { CallGuard } from "./call-guard.ts";
import { YdbFailure } from "./failure.ts";
import type { Answer, Query, TransactionControl } from "./query.ts";
import { sdk } from "./sdk.ts";
import { deletionOf } from "./sdk-mends.ts";
import type { ClientSession } from "./session-pool.ts";

/** A session of the SDK, every call of it bounded. */
export class SdkSession implements ClientSession {
  readonly #session: TableSession;
  readonly #guard: CallGuard;

  constructor(session: TableSession, guard: CallGuard) {
    this.#session = session;
    this.#guard = guard;
  }

  async execute(query: Query, control: TransactionControl, limitMs: number): Promise<Answer> {
    const settings = new sdk.ExecuteQuerySettings()
      // A text that is not kept costs its compilation, some 3 request units, every time.
      .withKeepInCache(true)
      .withOperationParams(operationParams(limitMs));
    const { resultSets, txMeta } = await this.#guard.run(
      limitMs,
      async () =>
        await this.#session.executeQuery(
          query.text,
          { ...query.parameters },
          transactionControl(control),
          settings,
        ),
    );
    if (resultSets.some(({ truncated }) => truncated === true)) {
      throw new YdbFailure("TRUNCATED", "the database cut off a result at 1,000 rows");
    }
    const transaction = control.commit ? undefined : (txMeta?.id ?? "");
    if (transaction === "") {
      throw new YdbFailure("ANSWER_INVALID", "the database named no transaction");
    }
    return { resultSets, transaction };
  }

  async rollback(transaction: string): Promise<void> {
    const settings = new sdk.RollbackTransactionSettings().withOperationParams(
      operationParams(limits.ydbEndMs),
    );
    await this.#guard.run(
      limits.ydbEndMs,
      async () => await this.#session.rollbackTransaction({ txId: transaction }, settings),
    );
  }

  isWelcome(): boolean {
    return !this.#session.isClosing();
  }

  async end(): Promise<void> {
    try {
      await this.#guard.run(limits.ydbEndMs, async () => {
        this.#session.emit("SESSION_BROKEN"); // So the pool lets go of it, too.
        await deletionOf(this.#session);
      });
    } catch {
      // The server ends it by itself after ten minutes.
    }
  }
}

type SdkControl = NonNullable<Parameters<TableSession["executeQuery"]>[2]>;

/** The server is to give up before we do, so that its answer and not our timer ends a request. */
function operationParams(limitMs: number): OperationParams {
  const serverMs = Math.floor(limitMs * limits.ydbServerShare);
  const duration = { seconds: Math.floor(serverMs / 1_000), nanos: (serverMs % 1_000) * 1_000_000 };
  return new sdk.OperationParams().withOperationTimeout(duration).withCancelAfter(duration);
}

function transactionControl({ transaction, commit }: TransactionControl): SdkControl {
  if ("id" in transaction) return { txId: transaction.id, commitTx: commit };
  const { begin } = transaction;
  const beginTx = begin === "snapshot" ? { snapshotReadOnly: {} } : { serializableReadWrite: {} };
  return { beginTx, commitTx: commit };
}
