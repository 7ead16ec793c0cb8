/** `runner.triggers.refires`: starts recorded firings of polled triggers again, which the loop of batches does. */

import { UsageError } from '../../../errors.ts'
import { numberArgument } from '../../../model/arguments.ts'
import type { ExecutionStatus } from '../../../model/execution.ts'
import type { BatchCursor, Refire, TriggerRow } from '../../../model/schedule-rows.ts'
import { formatInstant } from '../../../model/time/instant.ts'
import { didYouMean, MAX_COMPARED_NAMES } from '../../../registry/nearest.ts'
import { forEachPart, nextFirings } from '../../batches/batch-starts.ts'
import { checkedRange, type TimeRange } from '../../batches/time-range.ts'
import { assertZone } from '../../cron/expressions.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { type ActionOptions, newAction } from '../action-service.ts'
import { checkedPageAfter, type PageAfterOptions } from '../page-options.ts'
import { BatchChanges, type BatchParts, type CancelBatchOptions } from './batch-changes.ts'

/** Range and filter of a refire. */
export interface RefireRange extends TimeRange {
  /** IANA time zone of dates and local times. Default: `UTC`. */
  readonly timezone?: string
  /** Only firings whose execution has this status. Default: all. */
  readonly status?: ExecutionStatus
}

/** Options of `runner.triggers.refires.start`. */
export interface RefireOptions extends RefireRange, ActionOptions {
  /** Maximum number of executions that are active at a time. Default: 1. */
  readonly maxActive?: number
}

/** Number of executions that a refire would start. Times are in milliseconds since 1970. */
export interface RefirePreview {
  readonly fromAt: number
  readonly toAt: number
  /** Number of executions that would start. */
  readonly executions: number
  /** Number of firings whose execution is not stored any more. They are left out. */
  readonly pruned: number
}

const STATUSES: readonly unknown[] = ['Pending', 'Running', 'Completed', 'Failed', 'Cancelled', 'Paused']

/** `runner.triggers.refires`: refires. An id can be shortened to a prefix. Throws `BATCH_NOT_FOUND`. */
export class Refires {
  readonly #ports: EnginePorts
  readonly #parts: BatchParts
  readonly #changes: BatchChanges<'refire'>

  /** @internal */
  constructor(ports: EnginePorts, parts: BatchParts) {
    this.#ports = ports
    this.#parts = parts
    this.#changes = new BatchChanges(ports, parts, 'refire')
  }

  /** Counts the executions that a refire of a trigger would start. Throws as `start`. */
  async preview(trigger: string, range: RefireRange): Promise<RefirePreview> {
    return await this.#preview(await this.#trigger(trigger), range)
  }

  /**
   * Starts recorded firings of a polled trigger again with their stored contexts, the oldest first. Deduplication, keys
   * and `maxActive` of the trigger do not apply. Returns when the refire is stored. Throws `TRIGGER_NOT_FOUND`,
   * `INVALID_ARGUMENT` (a wrong range) and `ACTION_REFUSED` (nothing to start).
   */
  async start(trigger: string, { maxActive = 1, ...options }: RefireOptions): Promise<Refire> {
    const most = numberArgument(maxActive, 'maxActive', 1)
    const { store, clock, newId } = this.#ports
    const { name, workflow } = await this.#trigger(trigger)
    const { fromAt, toAt, executions: total, pruned } = await this.#preview({ name }, options)
    if (total === 0) throw nothingToRefire(name, pruned)
    const id = newId()
    const executionStatus = options.status ?? null
    const range = { from: formatInstant(fromAt), to: formatInstant(toAt), status: executionStatus }
    const isStored = await store.batches.create(
      {
        ...{ kind: 'refire', id, trigger: name, workflow, executionStatus, fromAt, toAt },
        ...{ maxActive: most, total, cursor: startOf(fromAt), createdAt: clock.now() },
      },
      newAction(this.#ports, 'refire', name, options, { refire: id, ...range, maxActive: most }),
    )
    if (!isStored) throw await this.#unknown(name)
    void this.#parts.batches.lookAgain()
    return await this.#changes.get(id)
  }

  /** Returns refires, newest first: of all triggers, or of one. */
  async list(options: PageAfterOptions & { readonly trigger?: string } = {}): Promise<readonly Refire[]> {
    const { trigger } = options
    const filter = trigger === undefined ? {} : { trigger: (await this.#trigger(trigger)).name }
    const page = checkedPageAfter(options)
    return (await this.#ports.store.batches.list({ kind: 'refire', ...filter }, page)) as readonly Refire[]
  }

  /** Returns a refire. */
  async get(id: string): Promise<Refire> {
    return await this.#changes.get(id)
  }

  /** Cancels a refire. Its active executions continue unless `executions` is set. Throws `ACTION_REFUSED` if ended. */
  async cancel(id: string, options: CancelBatchOptions = {}): Promise<Refire> {
    return await this.#changes.cancel(id, options)
  }

  async #preview({ name: trigger }: Pick<TriggerRow, 'name'>, { status, timezone = 'UTC', ...range }: RefireRange) {
    if (status !== undefined && !STATUSES.includes(status)) throw wrongStatus()
    assertZone(timezone)
    const { fromAt, toAt } = checkedRange(range, timezone, this.#ports.clock.now())
    let [executions, pruned] = [0, 0]
    const plan = { trigger, executionStatus: status ?? null, toAt, cursor: startOf(fromAt) }
    await forEachPart(plan, this.#ports, async (part) => {
      const { firings, cursor } = await nextFirings(part, this.#ports)
      const stored = firings.filter(({ execution }) => execution !== null).length
      executions += stored
      pruned += firings.length - stored
      return cursor
    })
    return { fromAt, toAt, executions, pruned }
  }

  async #trigger(name: string): Promise<TriggerRow> {
    const row = await this.#ports.store.getTrigger(name)
    if (row === null) throw await this.#unknown(name)
    return row
  }

  async #unknown(name: string): Promise<UsageError> {
    const { store } = this.#ports
    const [cron] = await store.triggerCrons([name])
    if (cron !== undefined) {
      const message =
        `Trigger "${name}" has a cron schedule. To start its times again: ` +
        `cloaca schedule backfill ${name} --from DATE --to DATE --again`
      return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
    }
    const rows = await store.listTriggers({ limit: MAX_COMPARED_NAMES, offset: 0, enabledOnly: false })
    const hint = didYouMean(
      name,
      rows.map((row) => row.name),
    )
    const message = `Trigger "${name}" not found in this database.${hint}`
    return new UsageError('TRIGGER_NOT_FOUND', message, { trigger: name })
  }
}

/** The cursor before all firings from this time on. */
function startOf(fromAt: number): BatchCursor {
  return { at: fromAt, seq: -1 }
}

function nothingToRefire(trigger: string, pruned: number): UsageError {
  const reason = pruned === 0 ? 'has no matching firings' : `has ${pruned} firings whose executions are not stored`
  const message = `Nothing to refire: trigger "${trigger}" ${reason} in the range.`
  return new UsageError('ACTION_REFUSED', message, { trigger })
}

function wrongStatus(): UsageError {
  const message = `"status" must be one of ${STATUSES.join(', ')}.`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'status' })
}
