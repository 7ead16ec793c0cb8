/** `runner.schedules.backfills`: starts workflows for past times of schedules. The loop of batches carries them out. */

import { UsageError } from '../../../errors.ts'
import { numberArgument } from '../../../model/arguments.ts'
import type { Backfill, BatchCursor, CronRow } from '../../../model/schedule-rows.ts'
import { formatInstant } from '../../../model/time/instant.ts'
import { MAX_TIMES_PER_STEP, nextBackfillTimes } from '../../batches/backfill-times.ts'
import { forEachPart } from '../../batches/batch-starts.ts'
import { checkedRange, type TimeRange } from '../../batches/time-range.ts'
import type { CronScheduler } from '../../cron/cron-scheduler.ts'
import { assertCron } from '../../cron/expressions.ts'
import { scheduleNamed, storeOfCrons } from '../../cron/named-schedules.ts'
import type { EnginePorts } from '../../engine-options.ts'
import { type ActionOptions, newAction } from '../action-service.ts'
import { checkedPageAfter, type PageAfterOptions } from '../page-options.ts'
import { knownWorkflow } from '../workflow-service.ts'
import { BatchChanges, type BatchParts, type CancelBatchOptions } from './batch-changes.ts'

/** Computing them takes 3 s. */
const MAX_TIMES = 20_000

/** Range of a backfill. Dates and local times are in the zone of the schedule. */
export interface BackfillRange extends TimeRange {
  /** Whether to start also times that have a firing. Default: false. */
  readonly again?: boolean
}

/** Options of `runner.schedules.backfills.start`. */
export interface BackfillOptions extends BackfillRange, ActionOptions {
  /** Maximum number of executions that are active at a time. Default: 1. */
  readonly maxActive?: number
}

/** Number of executions that a backfill would start. Times are in milliseconds since 1970. */
export interface BackfillPreview {
  readonly fromAt: number
  readonly toAt: number
  /** Number of times of the cron expression in the range. */
  readonly times: number
  /** Number of executions that would start. */
  readonly executions: number
  /** Number of times that have a firing. */
  readonly alreadyFired: number
  /** Only firings of times from this one on are known. Null: all are known. */
  readonly knownFromAt: number | null
}

/** `runner.schedules.backfills`: backfills. An id can be shortened to a prefix. Throws `BATCH_NOT_FOUND`. */
export class Backfills {
  readonly #ports: EnginePorts
  readonly #parts: BatchParts & { readonly cronScheduler: CronScheduler }
  readonly #changes: BatchChanges<'backfill'>

  /** @internal */
  constructor(ports: EnginePorts, parts: BatchParts & { readonly cronScheduler: CronScheduler }) {
    this.#ports = ports
    this.#parts = parts
    this.#changes = new BatchChanges(ports, parts, 'backfill')
  }

  /** Counts the executions that a backfill of a schedule would start. Throws as `start`. */
  async preview(schedule: string, range: BackfillRange): Promise<BackfillPreview> {
    return await this.#preview(await this.#schedule(schedule), range)
  }

  /**
   * Starts the workflow of a schedule once for each time of its cron expression in the range, the oldest first. Times
   * that have a firing are left out unless `again` is set. Returns when the backfill is stored. Throws
   * `SCHEDULE_NOT_FOUND`, `WORKFLOW_NOT_FOUND`, `INVALID_ARGUMENT` (a wrong range, or too many times) and
   * `ACTION_REFUSED` (nothing to start, or a range whose firings are unknown).
   */
  async start(schedule: string, { maxActive = 1, ...options }: BackfillOptions): Promise<Backfill> {
    const most = numberArgument(maxActive, 'maxActive', 1)
    const { again = false } = options
    const { store, clock, newId } = this.#ports
    const row = await this.#schedule(schedule)
    const { id: scheduleId, expression, timezone, triggerName: trigger } = row
    const { key: workflow } = await knownWorkflow(store, row.workflow)
    const preview = await this.#preview(row, options)
    assertStartable(preview, scheduleId, again)
    const id = newId()
    const { fromAt, toAt, executions: total } = preview
    const given = { backfill: id, from: formatInstant(fromAt), to: formatInstant(toAt), maxActive: most, again }
    const isStored = await store.batches.create(
      {
        ...{ kind: 'backfill', id, scheduleId, trigger, workflow, expression, timezone, again, fromAt, toAt },
        ...{ maxActive: most, total, cursor: startOf(fromAt), createdAt: clock.now() },
      },
      newAction(this.#ports, 'backfill', scheduleId, options, given),
    )
    if (!isStored) throw new UsageError('SCHEDULE_NOT_FOUND', `Schedule "${schedule}" was deleted.`, { scheduleId })
    void this.#parts.batches.lookAgain()
    return await this.#changes.get(id)
  }

  /** Returns backfills, newest first: of all schedules, or of one. */
  async list(options: PageAfterOptions & { readonly schedule?: string } = {}): Promise<readonly Backfill[]> {
    const { schedule } = options
    const filter = schedule === undefined ? {} : { scheduleId: (await this.#schedule(schedule)).id }
    const page = checkedPageAfter(options)
    return (await this.#ports.store.batches.list({ kind: 'backfill', ...filter }, page)) as readonly Backfill[]
  }

  /** Returns a backfill. */
  async get(id: string): Promise<Backfill> {
    return await this.#changes.get(id)
  }

  /** Pauses a running backfill: it starts no executions until `resume`. Throws `ACTION_REFUSED` in another status. */
  async pause(id: string, options: ActionOptions = {}): Promise<Backfill> {
    return await this.#changes.pause(id, options)
  }

  /** Resumes a paused backfill. Throws `ACTION_REFUSED` in another status. */
  async resume(id: string, options: ActionOptions = {}): Promise<Backfill> {
    return await this.#changes.resume(id, options)
  }

  /** Cancels a backfill. Active executions continue unless `executions` is set. Throws `ACTION_REFUSED` if ended. */
  async cancel(id: string, options: CancelBatchOptions = {}): Promise<Backfill> {
    return await this.#changes.cancel(id, options)
  }

  async #schedule(name: string): Promise<CronRow> {
    const store = storeOfCrons(this.#ports)
    await this.#parts.cronScheduler.settled()
    return await scheduleNamed(store, name)
  }

  async #preview(row: CronRow, { again = false, ...range }: BackfillRange): Promise<BackfillPreview> {
    const { id: scheduleId, expression, timezone } = row
    assertCron(expression, timezone)
    const { store, clock } = this.#ports
    const { fromAt, toAt } = checkedRange(range, timezone, clock.now())
    let [times, alreadyFired, knownFromAt]: [number, number, number | null] = [0, 0, null]
    await forEachPart({ toAt, cursor: startOf(fromAt) }, this.#ports, async ({ cursor }) => {
      const fired = await store.batches.firedTimes(scheduleId, cursor.at + 1, toAt, MAX_TIMES_PER_STEP)
      knownFromAt = fired.knownFromAt
      const plan = { expression, timezone, again: false, toAt, cursor }
      const next = nextBackfillTimes(plan, { ...fired, knownFromAt: null }, Number.POSITIVE_INFINITY)
      times += next.times.length + next.leftOut
      alreadyFired += next.leftOut
      if (times > MAX_TIMES) throw tooManyTimes(row)
      return next.cursor
    })
    return { fromAt, toAt, times, executions: again ? times : times - alreadyFired, alreadyFired, knownFromAt }
  }
}

/** The cursor before all times from this one on. */
function startOf(fromAt: number): BatchCursor {
  return { at: fromAt - 1, seq: 0 }
}

function assertStartable(preview: BackfillPreview, scheduleId: string, again: boolean): void {
  const { executions, times, fromAt, knownFromAt } = preview
  if (knownFromAt !== null && fromAt < knownFromAt && !again) {
    const message =
      `Firings of this schedule are known only from ${formatInstant(knownFromAt)} on, so earlier times may start ` +
      'twice. Choose a later "from", or start the times again (--again).'
    throw new UsageError('ACTION_REFUSED', message, { scheduleId })
  }
  if (executions > 0) return
  const message =
    times === 0
      ? 'Nothing to backfill: the cron expression has no time in the range.'
      : `Nothing to backfill: all ${times} times already have a firing. To start them again, set "again" (--again).`
  throw new UsageError('ACTION_REFUSED', message, { scheduleId })
}

function tooManyTimes({ expression, id: scheduleId }: CronRow): UsageError {
  const message =
    `The range has more than ${MAX_TIMES} times of the cron expression "${expression}". ` +
    'Choose a shorter range, and backfill the rest later.'
  return new UsageError('INVALID_ARGUMENT', message, { scheduleId, path: 'from' })
}
