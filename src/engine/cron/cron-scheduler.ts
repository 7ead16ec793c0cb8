/**
 * The loop of cron schedules: fires what is due, and keeps in step with the code, the store and other processes. Part of
 * loop 1, without a poll. Several processes may hold the same schedule: the store gives each due instant to one.
 *
 * States of a schedule here, and the moves:
 *   (in the store) -> waiting   it is enabled, and a cron trigger's is declared here
 *   waiting        -> claiming  its instant has come
 *   claiming       -> waiting   fired, or taken by another process: its next instant counts from now, or with catchup "all" from the one fired
 *   waiting        -> waiting   it was missed, and is not caught up: see catchup.ts
 *   waiting        -> waiting   its workflow is not known here: others may fire it first, after a grace it fires without a run
 *   waiting        -> waiting   the wall clock was set: see cron-time.ts
 *   waiting        -> (gone)    disabled, deleted, or its trigger is gone from the code
 */

import { toError } from '../../errors.ts'
import type { CronRow } from '../../model/schedule.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EngineConfig } from '../config.ts'
import { type DueEntry, DueHeap, troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import { cronInput, newExecution, type OnFired } from '../firing-context.ts'
import type { Clock, ContextCodec, CronClaim, CronMove, Store, Timer, WallJump } from '../ports.ts'
import { type DueDecision, decideDue, followingRunAt } from './catchup.ts'
import { type CronJump, CronTime } from './cron-time.ts'
import { CronTriggers } from './cron-triggers.ts'

/** How long a schedule whose workflow is not known here is left to processes that may know it. */
const UNKNOWN_WORKFLOW_GRACE_MS = 5_000
/** Clocks of two hosts differ by less. */
const AHEAD_MS = 600_000
/** A shorter setting would read the table without end. */
const SHORTEST_LOOK_MS = 1_000
const EVERY_CRON = { limit: Number.MAX_SAFE_INTEGER, offset: 0 }

export interface CronSchedulerPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly newId: () => string
}

interface WaitingCron extends DueEntry {
  readonly row: CronRow
  readonly dueAt: number
}

export class CronScheduler {
  readonly #ports: CronSchedulerPorts
  readonly #onFired: OnFired
  readonly #due = new DueHeap<WaitingCron>()
  readonly #waiting = new Set<WaitingCron>()
  readonly #triggers: CronTriggers
  readonly time: CronTime
  /** By schedule: instants up to this one are known to be few enough to be caught up. */
  readonly #countedUntil = new Map<string, number>()
  /** The wall clock was set back so far that all next instants are computed anew. */
  #mustReckon = false
  #timer: Timer | null = null
  #pass: Promise<void> | null = null
  #mustLook = false
  #failures = 0
  /** After a failure nothing is done before; monotonic. */
  #notBefore = Number.NEGATIVE_INFINITY
  #isStarted = false
  #isStopped = false

  constructor(ports: CronSchedulerPorts, onFired: OnFired) {
    this.#ports = ports
    this.time = new CronTime(ports.clock)
    this.#triggers = new CronTriggers({ ...ports, time: this.time })
    this.#onFired = onFired
  }

  /** Settles when what the code declares is in the store. */
  start(): Promise<void> {
    this.#isStarted = true
    return this.lookAgain()
  }

  /** Schedules, or the code that they are for, may have changed. Settles when they have been read. */
  lookAgain(): Promise<void> {
    if (!this.#isStarted || this.#isStopped) return Promise.resolve()
    this.#mustLook = true
    this.#pass ??= this.#passUntilDone()
    return this.#pass
  }

  /** Another database is open: the schedules of the code are entered, and all are read. */
  storeFound(): Promise<void> {
    this.#triggers.forget()
    return this.lookAgain()
  }

  /** The wall clock was set. Returns what it means here. */
  wallJumped(jump: WallJump): CronJump {
    const meaning = this.time.jumped(jump)
    this.#mustReckon ||= meaning.kind === 'anew'
    void this.lookAgain()
    return meaning
  }

  /** Settles when what the code declares by now is in the store, or could not be stored. */
  async settled(): Promise<void> {
    await this.#pass
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  async #passUntilDone(): Promise<void> {
    // More declarations may come in this tick of the event loop.
    await null
    while (this.#mustLook && !this.#isStopped) {
      this.#mustLook = false
      try {
        await this.#triggers.takeOver()
        this.#replaceWaiting(await this.#reckoned())
        this.#failures = 0
      } catch (thrown) {
        this.#trouble('reading cron schedules', thrown)
      }
    }
    // In the tick of the event loop in which the loop ended: whoever asks from now on begins a new pass.
    this.#pass = null
    this.#arm()
  }

  /** Every enabled schedule, with a next instant that the wall clock as it is now stands by. */
  async #reckoned(): Promise<readonly CronRow[]> {
    const { store, clock } = this.#ports
    const isAll = this.#mustReckon
    // A schedule that is disabled has to have it right when it is enabled.
    const rows = isAll ? await store.listCrons({ ...EVERY_CRON, enabledOnly: false }) : await store.enabledCrons()
    const moves = rows.flatMap((row) =>
      isAll || this.time.isFromAhead(row) ? (moveEarlier(row, clock.now()) ?? []) : [],
    )
    if (moves.length > 0) await store.rescheduleCrons(moves, clock.now())
    if (isAll) this.#mustReckon = false
    return isAll || moves.length > 0 ? await store.enabledCrons() : rows
  }

  /** Before a schedule is enabled: its next instant may be one of a clock that was far ahead. */
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

  /** Wakes for the next due instant, and to look at the table at the latest after the setting. */
  #arm(): void {
    if (this.#isStopped) return
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
    // What was claimed has a new instant in the store, whoever claimed it.
    void Promise.all(claims).then(() => this.lookAgain())
  }

  async #fire({ row, dueAt }: WaitingCron, now: number): Promise<void> {
    const { registry, store, codec, newId } = this.#ports
    try {
      const decision = this.#decide(row, dueAt, now)
      if (decision.kind === 'drop') {
        await this.#drop(row, dueAt, decision.nextRunAt)
        return
      }
      const workflow = registry.current().workflows.get(row.workflow)
      const claim: CronClaim = {
        scheduleId: row.id,
        dueAt,
        nextRunAt: decision.nextRunAt,
        firingId: newId(),
        at: now,
        execution: workflow === undefined ? null : newExecution(newId(), workflow, cronInput(row, dueAt, null, codec)),
      }
      const claimed = store.claimCron(claim).then((isOurs) => {
        if (isOurs) this.#fired(row, claim)
      })
      // In the same tick of the event loop, so that the execution is taken in the transaction that accepts it.
      if (claim.execution !== null) this.#onFired([claim.execution.id], claimed)
      await claimed
    } catch (thrown) {
      this.#trouble(`firing cron schedule "${row.id}"`, thrown)
    }
  }

  /** The instants of one standstill are counted once, when the first of them is due. */
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
        : `only the latest ${config.cronMaxCatchupExecutions} missed runs are started (cron_max_catchup_executions)`
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

  #trouble(during: string, thrown: unknown): void {
    this.#failures += 1
    const { clock, events } = this.#ports
    const delayMs = troubleDelayMs(this.#failures)
    this.#notBefore = clock.monotonic() + delayMs
    events.emit('trouble', { during, error: toError(thrown), retryAt: clock.now() + delayMs })
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
    if (claim.execution !== null) return
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
 * Brings a next run that was computed by a clock far ahead back to the first one from now on; null when nothing does. A run that
 * another engine has fired since, by a clock that is a little ahead of this one, stays in the past.
 */
function moveEarlier(row: CronRow, now: number): CronMove | null {
  const { lastScheduledAt } = row
  const firedUntil = lastScheduledAt !== null && lastScheduledAt - now < AHEAD_MS ? lastScheduledAt : now
  const nextRunAt = followingRunAt(row, Math.max(now, firedUntil))
  if (nextRunAt === null || row.nextRunAt === null || nextRunAt >= row.nextRunAt) return null
  return { scheduleId: row.id, seenRunAt: row.nextRunAt, nextRunAt }
}
