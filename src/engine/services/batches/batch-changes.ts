/** Finds, pauses, resumes and cancels backfills and refires, for their services. */

import { UsageError } from '../../../errors.ts'
import type { ActionKind } from '../../../model/action.ts'
import { textArgument } from '../../../model/arguments.ts'
import type { Batch, BatchStatus } from '../../../model/schedule-rows.ts'
import type { BatchLoop } from '../../batches/batch-loop.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { type ActionOptions, newAction } from '../action-service.ts'
import type { Executions } from '../executions/execution-service.ts'

/** Options of the cancellation of a backfill or refire. */
export interface CancelBatchOptions extends ActionOptions {
  /** Whether to cancel also its active executions. Default: false. */
  readonly executions?: boolean
}

export interface BatchParts {
  readonly batches: BatchLoop
  readonly executions: Executions
}

export class BatchChanges<Kind extends Batch['kind']> {
  readonly #ports: EnginePorts
  readonly #parts: BatchParts
  readonly #kind: Kind

  constructor(ports: EnginePorts, parts: BatchParts, kind: Kind) {
    this.#ports = ports
    this.#parts = parts
    this.#kind = kind
  }

  /** Returns a batch by its id or a prefix of the id. Throws `BATCH_NOT_FOUND`, also if the prefix is ambiguous. */
  async get(id: string): Promise<Extract<Batch, { kind: Kind }>> {
    const prefix = textArgument(id, 'id')
    const found = prefix === '' ? [] : await this.#ports.store.batches.find(this.#kind, prefix, 2)
    const [batch, other] = found
    if (batch !== undefined && other === undefined) return batch as Extract<Batch, { kind: Kind }>
    const reason = batch === undefined ? 'not found in this database' : 'is ambiguous: write more of the id'
    const name = this.#kind === 'backfill' ? 'Backfill' : 'Refire'
    throw new UsageError('BATCH_NOT_FOUND', `${name} "${prefix}" ${reason}.`, { batchId: prefix })
  }

  async pause(id: string, options: ActionOptions) {
    return await this.#change(id, { kind: 'pause', from: ['running'], to: 'paused', options })
  }

  async resume(id: string, options: ActionOptions) {
    return await this.#change(id, { kind: 'resume', from: ['paused'], to: 'running', options })
  }

  async cancel(id: string, { executions = false, ...options }: CancelBatchOptions) {
    const batch: Batch = await this.get(id)
    // Can be repeated for the executions that continued, or that a kill between both steps has left.
    if (batch.status !== 'cancelled' || !executions)
      await this.#change(batch.id, { kind: 'cancel', from: ['running', 'paused'], to: 'cancelled', options })
    if (executions) await this.#cancelExecutions(batch.id, options)
    return await this.get(batch.id)
  }

  async #change(
    id: string,
    change: {
      readonly kind: ActionKind
      readonly from: readonly BatchStatus[]
      readonly to: BatchStatus
      readonly options: ActionOptions
    },
  ) {
    const { kind, from, to, options } = change
    const { store, clock } = this.#ports
    const batch: Batch = await this.get(id)
    const target = batch.kind === 'backfill' ? batch.scheduleId : batch.trigger
    const action = newAction(this.#ports, kind, target, options, { [this.#kind]: batch.id })
    const isChanged = await store.batches.setStatus(batch.id, from, to, clock.now(), action)
    if (!isChanged) {
      const { status } = await this.get(batch.id)
      const message = `Cannot ${kind} ${this.#kind} "${batch.id}": it is ${status}.`
      throw new UsageError('ACTION_REFUSED', message, { batchId: batch.id })
    }
    void this.#parts.batches.lookAgain()
    return await this.get(batch.id)
  }

  /** An execution that ends now needs no cancel. */
  async #cancelExecutions(batchId: string, options: ActionOptions): Promise<void> {
    for (const id of await this.#ports.store.batches.activeExecutions(batchId)) {
      try {
        await this.#parts.executions.cancel(id, options)
      } catch (thrown) {
        // Ignored: the execution has ended, or is being cancelled already
        if (!(thrown instanceof UsageError && thrown.code === 'ACTION_REFUSED')) throw thrown
      }
    }
  }
}
