/**
 * Loop of cron schedules: fires those that are due, and follows changes of the code, the store and other processes.
 * Part of loop 1. Several processes may have the same schedule; the store gives each due time to one of them.
 *
 * States of a schedule here, and the moves:
 *   (in the store) -> waiting   it is enabled; for a cron trigger, also declared here
 *   waiting        -> claiming  its time has come
 *   claiming       -> waiting   fired, here or elsewhere: next from now, or with catchup "all" from the fired time
 *   waiting        -> waiting   it was missed and is not caught up: see catchup.ts
 *   waiting        -> waiting   its workflow is unknown here: others may fire it; after a grace it fires without a run
 *   waiting        -> waiting   the wall clock was set: see cron-time.ts
 *   waiting        -> (gone)    disabled, deleted, or its trigger is gone from the code
 */

import { toError, UsageError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { Timer, WallJump } from '../clock-port.ts'
import { type DueEntry, DueHeap } from '../due.ts'
import type { EnginePorts } from '../engine-options.ts'
import { FailureReports } from '../incidents/failure-reports.ts'
import { cronInput, executionOrError, newInstanceExecution, type OnFired } from '../starts/firing-context.ts'
import type { NewExecution } from '../starts/new-executions.ts'
import { type DueDecision, decideDue, followingRunAt } from './catchup.ts'
import type { CronClaim, CronMove } from './cron-store.ts'
import { type CronJump, CronTime } from './cron-time.ts'
import { CronTriggers } from './cron-triggers.ts'
import { type RunNow, runNow } from './run-now.ts'

/** Time in which a schedule with a workflow unknown here is left to processes that may know it. */
const UNKNOWN_WORKFLOW_GRACE_MS = 5_000
/** Larger than the difference between the clocks of two hosts. */
const AHEAD_MS = 600_000
/** Minimum, since a shorter setting would read the table continuously. */
const SHORTEST_LOOK_MS = 1_000
/** Delay after a failed claim. If the database is lost, the passes before the next claim have a growing delay. */
const CLAIM_AGAIN_AFTER_MS = 500
const EVERY_CRON = { limit: Number.MAX_SAFE_INTEGER, offset: 0 }

interface WaitingCron extends DueEntry {
  readonly row: CronRow
  readonly dueAt: number
}

export class CronScheduler {
  readonly #ports: EnginePorts
  readonly #onFired: OnFired
  readonly #due = new DueHeap<WaitingCron>()
  readonly #waiting = new Set<WaitingCron>()
  readonly #triggers: CronTriggers
  readonly #reports: FailureReports
  readonly time: CronTime
  /** By schedule: time up to which the missed runs were counted, and do not exceed the maximum. */
  readonly #countedUntil = new Map<string, number>()
  /** Schedules whose next times the next pass computes again: all of them after the wall clock was set back far. */
  #outdated: 'fromAhead' | 'all' = 'fromAhead'
  #timer: Timer | null = null
  readonly #passes: Reconciler
  /** Back-off: fire no schedule before this monotonic time. */
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(ports: EnginePorts, onFired: OnFired) {
    this.#ports = ports
    this.time = new CronTime(ports.clock)
    this.#triggers = new CronTriggers(ports, this.time)
    this.#reports = new FailureReports(ports)
    this.#onFired = onFired
    this.#passes = new Reconciler(ports, 'reading cron schedules', () => this.#pass())
  }

  /** Resolves when the declarations are in the store. */
  start(): Promise<void> {
    return this.#passes.start()
  }

  /** Reads schedules again, after they or their code may have changed. Resolves when they have been read. */
  lookAgain(): Promise<void> {
    return this.#passes.request()
  }

  /** Starts the workflow of a schedule now, at the request of a user. Throws `INVALID_CONTEXT` or `LIMITED`. */
  async run(request: RunNow): Promise<void> {
    await runNow(request, this.#ports, this.#onFired)
  }

  /** Stores the declared schedules in another database that was opened, and reads all schedules. */
  storeFound(): Promise<void> {
    this.#triggers.forget()
    return this.lookAgain()
  }

  /** Handles a change of the wall clock. Returns its effect on cron schedules. */
  wallJumped(jump: WallJump): CronJump {
    const meaning = this.time.jumped(jump)
    if (meaning.kind === 'anew') this.#outdated = 'all'
    void this.lookAgain()
    return meaning
  }

  /** Resolves when the current declarations are in the store, or could not be stored. */
  settled(): Promise<void> {
    return this.#passes.settled()
  }

  stop(): void {
    void this.#passes.stop()
    this.#timer?.cancel()
  }

  async #pass(): Promise<void> {
    await this.#triggers.takeOver()
    this.#replaceWaiting(await this.#reckoned())
    this.#arm()
  }

  /** Returns all enabled schedules, after correcting next times that were computed by a clock far ahead. */
  async #reckoned(): Promise<readonly CronRow[]> {
    const { store, clock } = this.#ports
    const isAll = this.#outdated === 'all'
    // Disabled schedules need the right time when they are enabled.
    const rows = isAll ? await store.listCrons({ ...EVERY_CRON, enabledOnly: false }) : await store.enabledCrons()
    const moves = rows.flatMap((row) =>
      isAll || this.time.isFromAhead(row) ? (moveEarlier(row, clock.now()) ?? []) : [],
    )
    if (moves.length > 0) await store.rescheduleCrons(moves, clock.now())
    if (isAll) this.#outdated = 'fromAhead'
    return isAll || moves.length > 0 ? await store.enabledCrons() : rows
  }

  /** Corrects the next time before a schedule is enabled: the clock that computed it may have been far ahead. */
  async reckon(id: string): Promise<void> {
    const { store, clock } = this.#ports
    const row = await store.getCron(id)
    if (row === null || !this.time.isFromAhead(row)) return
    const move = moveEarlier(row, clock.now())
    if (move !== null) await store.rescheduleCrons([move], clock.now())
  }

  #replaceWaiting(rows: readonly CronRow[]): void {
    for (const waiting of this.#waiting) this.#due.remove(waiting)
    this.#waiting.clear()
    for (const row of rows) if (row.nextRunAt !== null && this.#triggers.isOurs(row)) this.#wait(row, row.nextRunAt)
  }

  #wait(row: CronRow, dueAt: number): void {
    const waiting: WaitingCron = { row, dueAt, unsafeDueAt: 0, unsafeHeapIndex: -1 }
    this.#waiting.add(waiting)
    const isKnown = this.#ports.registry.current().workflows.has(row.workflow)
    this.#due.push(waiting, isKnown ? dueAt : dueAt + UNKNOWN_WORKFLOW_GRACE_MS)
  }

  /** Wakes at the next due time, and reads the table again at the latest after the time in the settings. */
  #arm(): void {
    if (this.#passes.isStopped) return
    const { clock, config } = this.#ports
    const lookMs = Math.max(SHORTEST_LOOK_MS, config.cronPollIntervalMs)
    const waitMs = Math.min(this.#due.nextDueAt - clock.now(), lookMs)
    this.#timer?.cancel()
    this.#timer = clock.wakeAfter(
      Math.max(this.#notBefore - clock.monotonic(), waitMs),
      () => this.#wake(),
      'firing cron schedules',
    )
  }

  #wake(): void {
    const now = this.#ports.clock.now()
    const claims: Promise<void>[] = []
    for (let waiting = this.#due.popDue(now); waiting !== null; waiting = this.#due.popDue(now)) {
      this.#waiting.delete(waiting)
      claims.push(this.#fire(waiting, now))
    }
    // Claimed schedules have a new time in the store, whichever process claimed them.
    void Promise.all(claims).then(() => this.lookAgain())
  }

  async #fire({ row, dueAt }: WaitingCron, now: number): Promise<void> {
    const { registry, store, newId } = this.#ports
    try {
      const decision = this.#decide(row, dueAt, now)
      if (decision.kind === 'drop') {
        await this.#drop(row, dueAt, decision.nextRunAt)
        return
      }
      const workflow = registry.current().workflows.get(row.workflow)
      const execution = workflow === undefined ? null : this.#execution(row, dueAt, workflow)
      const claim: CronClaim = {
        scheduleId: row.id,
        dueAt,
        nextRunAt: decision.nextRunAt,
        followingRunAt: decision.followingRunAt,
        firingId: newId(),
        at: now,
        execution,
        ...this.#reports.lateFiring(row, dueAt, now),
      }
      const claimed = store.claimCron(claim).then((start) => {
        if (start === 'claimed') this.#fired(row, claim)
      })
      // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
      if (claim.execution !== null) this.#onFired([claim.execution.id], claimed)
      await claimed
    } catch (thrown) {
      this.#claimFailed(row, thrown)
    }
  }

  /** Returns null, after a warning, if the parameters have no usable value for the limit of the workflow. */
  #execution(row: CronRow, dueAt: number, workflow: WorkflowDefinition): NewExecution | null {
    const { registry, codec, newId, events } = this.#ports
    const trigger = row.triggerName === null ? undefined : registry.current().triggers.get(row.triggerName)
    const inputText = cronInput(row, dueAt, null, codec)
    const execution = executionOrError(() =>
      newInstanceExecution(newId(), workflow, inputText, codec, trigger?.priority),
    )
    if (!(execution instanceof UsageError)) return execution
    const message = `Cron ${shownName(row)} fired, but nothing was started: ${execution.message}`
    events.emit('warning', { code: 'LIMITED', scheduleId: row.id, workflow: row.workflow, message })
    return null
  }

  /** Counts the missed times of a standstill once, when the first of them is due. */
  #decide(row: CronRow, dueAt: number, now: number): DueDecision {
    const countedUntil = this.#countedUntil.get(row.id) ?? Number.NEGATIVE_INFINITY
    // After a clock that was far ahead is set back, its counts of missed runs no longer apply.
    const isCounted = dueAt <= countedUntil && countedUntil <= now
    const most = isCounted ? Number.POSITIVE_INFINITY : this.#ports.config.cronMaxCatchupExecutions
    if (row.catchup === 'all' && !isCounted) this.#countedUntil.set(row.id, now)
    return decideDue(row, dueAt, now, most)
  }

  async #drop(row: CronRow, dueAt: number, nextRunAt: number | null): Promise<void> {
    const { store, clock, events, config } = this.#ports
    await store.rescheduleCrons([{ scheduleId: row.id, seenRunAt: dueAt, nextRunAt }], clock.now())
    const why =
      row.catchup === 'none'
        ? 'its catchup is "none"'
        : `only the latest ${config.cronMaxCatchupExecutions} missed runs are started (limits.catchup)`
    const until = nextRunAt === null ? ' on' : ` until ${formatInstant(nextRunAt)}`
    events.emit('warning', {
      code: 'CRON_MISSED',
      scheduleId: row.id,
      workflow: row.workflow,
      message:
        `Cron ${shownName(row)} skips the runs that it missed from ${formatInstant(dueAt)}${until}, ` +
        `because ${why}.`,
    })
  }

  #claimFailed({ id }: CronRow, thrown: unknown): void {
    const { clock, events } = this.#ports
    this.#notBefore = clock.monotonic() + CLAIM_AGAIN_AFTER_MS
    const retryAt = clock.now() + CLAIM_AGAIN_AFTER_MS
    events.emit('trouble', { during: `firing cron schedule "${id}"`, error: toError(thrown), retryAt })
  }

  #fired(row: CronRow, claim: CronClaim): void {
    const { events, registry } = this.#ports
    events.counters.workflows.of(row.workflow).cronFirings += 1
    events.emit('cronFired', {
      scheduleId: row.id,
      trigger: row.triggerName,
      workflow: row.workflow,
      scheduledAt: claim.dueAt,
      at: claim.at,
      firingId: claim.firingId,
      executionId: claim.execution?.id ?? null,
      recoveryAttempt: 0,
    })
    if (claim.execution !== null || registry.current().workflows.has(row.workflow)) return
    const hint = didYouMean(row.workflow, registry.current().workflows.keys())
    events.emit('warning', {
      code: 'UNKNOWN_WORKFLOW',
      scheduleId: row.id,
      workflow: row.workflow,
      message:
        `Cron ${shownName(row)} fired, but nothing was started: Workflow not found in registry: ${row.workflow}.` +
        `${hint} Serve the script that declares this workflow.`,
    })
  }
}

function shownName({ triggerName, id }: CronRow): string {
  return triggerName === null ? `schedule "${id}"` : `trigger "${triggerName}"`
}

/**
 * Returns an earlier next run, from now on, for one that was computed by a clock far ahead; null if none is earlier. A
 * run that another engine fired since, with a clock slightly ahead of this one, stays in the past.
 */
function moveEarlier(row: CronRow, now: number): CronMove | null {
  const { lastScheduledAt } = row
  const firedUntil = lastScheduledAt !== null && lastScheduledAt - now < AHEAD_MS ? lastScheduledAt : now
  const nextRunAt = followingRunAt(row, Math.max(now, firedUntil))
  if (nextRunAt === null || row.nextRunAt === null || nextRunAt >= row.nextRunAt) return null
  return { scheduleId: row.id, seenRunAt: row.nextRunAt, nextRunAt }
}
