/**
 * Polls one polling accumulator: every interval, never while a poll of it is out, with a deadline. What it returns is
 * accepted as an event; what a poll came to is recorded, skips in a row as one row once a second.
 */

import { toError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import { nextDueAt } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, StartLimit, Timer } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { EventIntake } from './event-intake.ts'
import type { AccumulateAnswer, GraphHost } from './graph-host.ts'
import type { SourcePoll } from './graph-store.ts'

const WRITE_SKIPS_MS = 1_000
/** Time after which a poll is repeated that could not start in time: the lease is renewed by then, or lost. */
const LATE_AGAIN_AFTER_MS = 100

export interface PolledSourcePorts {
  readonly store: GraphStore
  readonly host: GraphHost
  readonly clock: Clock
  readonly events: EngineEvents
  readonly intake: EventIntake
  readonly pollDeadlineMs: number
  readonly maxWaitingEvents: number
  readonly stopping: AbortSignal
  startLimit(): StartLimit
}

/** When a poll was due and asked. */
interface Asked {
  readonly at: number
  readonly monotonicAt: number
  readonly latenessMs: number
}

export class PolledSource {
  readonly #ports: PolledSourcePorts
  readonly #waiting: () => number
  #definition: SourceDefinition
  #timer: Timer | null = null
  #dueAt: number
  #poll: Promise<void> | null = null
  #skips: SourcePoll | null = null
  #skipTimer: Timer | null = null
  /** Whether the last poll could not start in time. */
  #wasLate = false
  #isStopped = false

  /** `waiting`: how many of its events are not delivered. */
  constructor(definition: SourceDefinition, ports: PolledSourcePorts, waiting: () => number) {
    this.#definition = definition
    this.#ports = ports
    this.#waiting = waiting
    this.#dueAt = ports.clock.monotonic()
    this.#arm()
  }

  declared(definition: SourceDefinition): void {
    const before = intervalMs(this.#definition)
    this.#definition = definition
    if (intervalMs(definition) === before || this.#poll !== null) return
    this.#dueAt = this.#ports.clock.monotonic() + intervalMs(definition)
    this.#arm()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    // At once, since the poll that is out may take longer than the store is open.
    await this.#writeSkips()
    await this.#poll
    await this.#writeSkips()
  }

  #arm(): void {
    if (this.#isStopped) return
    const { clock } = this.#ports
    this.#timer?.cancel()
    this.#timer = clock.wakeAfter(
      this.#dueAt - clock.monotonic(),
      () => {
        this.#poll = this.#pollOnce().finally(() => {
          this.#poll = null
          const now = clock.monotonic()
          const nextAt = nextDueAt(this.#dueAt, intervalMs(this.#definition), now)
          this.#dueAt = this.#wasLate ? Math.min(nextAt, now + LATE_AGAIN_AFTER_MS) : nextAt
          this.#arm()
        })
      },
      `polling source "${this.#definition.name}"`,
    )
  }

  async #pollOnce(): Promise<void> {
    const { host, clock, pollDeadlineMs, stopping, maxWaitingEvents, startLimit } = this.#ports
    this.#wasLate = false
    // What it returned could not be accepted.
    if (this.#waiting() >= maxWaitingEvents) return
    const { name: source, script } = this.#definition
    const monotonicAt = clock.monotonic()
    const asked = { at: clock.now(), monotonicAt, latenessMs: Math.round(monotonicAt - this.#dueAt) }
    const answer = await host.accumulate({
      script,
      source,
      mode: 'poll',
      events: [],
      firstSequence: 0,
      deadlineMs: pollDeadlineMs,
      startLimit: startLimit(),
      stopping,
    })
    this.#wasLate = answer.kind === 'notEntered' && answer.isLate === true
    try {
      await this.#record(asked, answer)
    } catch (thrown) {
      if (this.#isStopped) return
      this.#ports.events.emit('trouble', {
        during: `recording a poll of source "${source}"`,
        error: toError(thrown),
        retryAt: null,
      })
    }
  }

  async #record(asked: Asked, answer: AccumulateAnswer): Promise<void> {
    if (answer.kind === 'notEntered' || answer.kind === 'notServed') return
    if (answer.kind === 'lost') return await this.#failed(asked, 'failed', answer.error)
    const [result] = answer.results
    if (result === undefined) return
    switch (result.kind) {
      case 'value': {
        const { at, latenessMs } = asked
        const poll = {
          outcome: 'emitted',
          firstAt: at,
          lastAt: at,
          latenessMs,
          durationMs: this.#since(asked),
        } as const
        await this.#writeSkips()
        await this.#ports.intake.push(this.#definition.name, { eventText: result.valueText, poll }, 0)
        return
      }
      case 'dropped':
        this.#skipped(asked)
        return
      default:
        await this.#failed(asked, result.kind, result.error)
    }
  }

  #skipped(asked: Asked): void {
    const { at, latenessMs } = asked
    const durationMs = this.#since(asked)
    const before = this.#skips
    this.#skips =
      before === null
        ? { outcome: 'skipped', firstAt: at, lastAt: at, count: 1, latenessMs, durationMs, sequence: null, error: null }
        : {
            ...before,
            lastAt: at,
            count: before.count + 1,
            latenessMs: Math.max(before.latenessMs ?? 0, latenessMs),
            durationMs: Math.max(before.durationMs, durationMs),
          }
    this.#skipTimer ??= this.#ports.clock.wakeAfter(WRITE_SKIPS_MS, () => void this.#writeSkips())
  }

  async #failed(asked: Asked, outcome: 'failed' | 'timedOut', error: PythonFault): Promise<void> {
    const { at, latenessMs } = asked
    const { events, store } = this.#ports
    const { name: source, script } = this.#definition
    events.emit('sourceFailed', { source, script, sequence: null, at, error })
    const durationMs = this.#since(asked)
    const poll = { outcome, firstAt: at, lastAt: at, count: 1, latenessMs, durationMs, sequence: null, error }
    await this.#writeSkips()
    await store.recordPolls(source, [poll])
  }

  async #writeSkips(): Promise<void> {
    const skips = this.#skips
    this.#skipTimer?.cancel()
    this.#skipTimer = null
    this.#skips = null
    if (skips === null) return
    try {
      await this.#ports.store.recordPolls(this.#definition.name, [skips])
    } catch (thrown) {
      if (this.#isStopped) return
      const during = `recording polls of source "${this.#definition.name}"`
      this.#ports.events.emit('trouble', { during, error: toError(thrown), retryAt: null })
    }
  }

  #since({ monotonicAt }: Asked): number {
    return Math.round(this.#ports.clock.monotonic() - monotonicAt)
  }
}

function intervalMs({ accumulation }: SourceDefinition): number {
  return accumulation.kind === 'polling' ? accumulation.intervalMs : Number.POSITIVE_INFINITY
}
