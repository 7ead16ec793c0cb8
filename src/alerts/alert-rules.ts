/**
 * Which events are worth an alert. Listens beside the loops of the engine and never keeps them waiting; the poll that skips
 * costs nothing more, except while a trigger fails. Held by `alerts.ts`.
 *
 *   execution-failed         each execution that ends as Failed
 *   trigger-failing          the Nth failed poll in a row; again after a poll that did not fail
 *   trigger-late             a poll that was due so long ago has not ended, or a schedule fired so late; again when it was in time between
 *   interpreter-quarantined  each script that gets an interpreter of its own
 *   database-refused         the first refusal; again when there was none for five minutes
 */

import type { CronFiredEvent, EngineEvents, TickEvent } from '../engine/events.ts'
import type { Clock, Timer } from '../engine/ports.ts'
import { StoreError } from '../errors.ts'
import type { Alert, AlertKind } from '../model/alert.ts'
import { shownError } from '../model/fault.ts'

const LOOK_EVERY_MS = 1_000
const CALM_MS = 300_000

export interface AlertRuleOptions {
  readonly kinds: ReadonlySet<AlertKind>
  readonly failuresInRow: number
  readonly lateByMs: number
}

export interface AlertRulePorts {
  readonly clock: Clock
  readonly newId: () => string
  readonly raise: (alert: Alert) => void
}

/** Triggers whose poll was due `byMs` ago, and has not ended. */
export type Overdue = (byMs: number) => readonly { readonly trigger: string; readonly lateMs: number }[]

export class AlertRules {
  readonly #options: AlertRuleOptions
  readonly #ports: AlertRulePorts
  readonly #releases: (() => void)[] = []
  #late: ReadonlySet<string> = new Set()
  readonly #lateSchedules = new Set<string>()
  #timer: Timer | null = null
  #lastRefusalAt: number | null = null

  constructor(options: AlertRuleOptions, ports: AlertRulePorts) {
    this.#options = options
    this.#ports = ports
  }

  /** Listens to an engine. */
  watch(events: EngineEvents): void {
    this.#on('execution-failed', () =>
      events.on('executionFinished', ({ executionId, workflow, status, errorMessage }) => {
        if (status === 'Failed') {
          this.#raise(
            'execution-failed',
            executionId,
            `Workflow "${workflow}" failed: ${errorMessage ?? 'unknown reason'}`,
          )
        }
      }),
    )
    this.#on('trigger-failing', () => this.#countFailures(events))
    this.#on('trigger-late', () => events.on('cronFired', (event) => this.#cronFired(event)))
    this.#on('interpreter-quarantined', () =>
      events.on('scriptQuarantined', ({ script, culprit, reason }) =>
        this.#raise(
          'interpreter-quarantined',
          script,
          `Script "${script}" was moved to its own interpreter because of ${culprit}: ${reason}`,
        ),
      ),
    )
    this.#on('database-refused', () =>
      events.on('trouble', ({ during, error }) => {
        if (error instanceof StoreError) this.#refused(`Database error while ${during}: ${error.message}`)
      }),
    )
  }

  /** Looks each second whether the triggers of an engine are polled in time. */
  watchLateness(overdue: Overdue): void {
    if (!this.#options.kinds.has('trigger-late') || this.#timer !== null) return
    const look = (): void => {
      this.#timer = this.#ports.clock.wakeAfter(LOOK_EVERY_MS, look, 'looking for late triggers')
      this.#lookFor(overdue(this.#options.lateByMs))
    }
    this.#timer = this.#ports.clock.wakeAfter(LOOK_EVERY_MS, look, 'looking for late triggers')
  }

  stop(): void {
    this.#timer?.cancel()
    for (const release of this.#releases.splice(0)) release()
  }

  #on(kind: AlertKind, listen: () => () => void): void {
    if (this.#options.kinds.has(kind)) this.#releases.push(listen())
  }

  /** Polls that do not fail are listened to only while there is a trigger whose last one did. */
  #countFailures(events: EngineEvents): () => void {
    const failures = new Map<string, number>()
    let stopListening: (() => void) | null = null
    const ticked = ({ trigger, outcome }: TickEvent): void => {
      if (outcome === 'failed' || outcome === 'timedOut') return
      failures.delete(trigger)
      if (failures.size > 0) return
      stopListening?.()
      stopListening = null
    }
    const stop = events.on('triggerFailed', ({ trigger, error }) => {
      stopListening ??= events.on('tick', ticked)
      const count = (failures.get(trigger) ?? 0) + 1
      failures.set(trigger, count)
      if (count !== this.#options.failuresInRow) return
      const times = count === 1 ? '' : ` ${count} times in a row`
      this.#raise('trigger-failing', trigger, `Trigger "${trigger}" failed${times}: ${error.message}`)
    })
    return () => {
      stop()
      stopListening?.()
    }
  }

  #lookFor(late: ReturnType<Overdue>): void {
    for (const { trigger, lateMs } of late) {
      if (this.#late.has(trigger)) continue
      const message = `Trigger "${trigger}" is late: its poll was due ${seconds(lateMs)} ago and has not ended.`
      this.#raise('trigger-late', trigger, message)
    }
    this.#late = new Set(late.map(({ trigger }) => trigger))
  }

  #cronFired({ scheduleId, trigger, workflow, scheduledAt, at, recoveryAttempt }: CronFiredEvent): void {
    if (recoveryAttempt > 0) return
    if (at - scheduledAt < this.#options.lateByMs) {
      this.#lateSchedules.delete(scheduleId)
      return
    }
    // One that catches up on many instants is late once.
    if (this.#lateSchedules.has(scheduleId)) return
    this.#lateSchedules.add(scheduleId)
    const name = trigger === null ? `A schedule of workflow "${workflow}"` : `Trigger "${trigger}"`
    const message = `${name} fired ${seconds(at - scheduledAt)} late.`
    this.#raise('trigger-late', scheduleId, message)
  }

  #refused(message: string): void {
    const now = this.#ports.clock.monotonic()
    const isNew = this.#lastRefusalAt === null || now - this.#lastRefusalAt >= CALM_MS
    this.#lastRefusalAt = now
    if (isNew) this.#raise('database-refused', null, message)
  }

  #raise(kind: AlertKind, subject: string | null, message: string): void {
    const { raise, clock, newId } = this.#ports
    raise(Object.freeze({ id: newId(), kind, subject, message: shownError(message), at: clock.now() }))
  }
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1_000)} s`
}
