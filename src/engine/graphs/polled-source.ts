/**
 * Polls one polling accumulator at its interval, with a deadline, one poll at a time. Returned values become events.
 * Each poll is recorded; consecutive skips share a row, which is written once a second.
 */

import { toError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { StartLimit, Timer } from '../clock-port.ts'
import { nextDueAt } from '../due.ts'
import type { EnginePorts } from '../engine-options.ts'
import { settledWithin } from '../periodic.ts'
import type { EventIntake } from './event-intake.ts'
import type { AccumulateAnswer } from './graph-host.ts'
import type { SourcePoll } from './graph-store.ts'

const WRITE_SKIPS_MS = 1_000
/** Delay before a late poll is repeated. By then, the lease is renewed or lost. */
const LATE_AGAIN_AFTER_MS = 100

interface PolledSourceParts {
  readonly intake: EventIntake
  readonly stopping: AbortSignal
  startLimit(): StartLimit
  /** Number of events of this source that are not delivered. */
  waiting(): number
}

interface Asked {
  readonly at: number
  readonly monotonicAt: number
  readonly latenessMs: number
}

export class PolledSource {
  readonly #ports: Pick<EnginePorts, 'store' | 'host' | 'clock' | 'events' | 'config'>
  readonly #parts: PolledSourceParts
  #definition: SourceDefinition
  #timer: Timer | null = null
  #dueAt: number
  #poll: Promise<void> | null = null
  #skips: SourcePoll | null = null
  #skipTimer: Timer | null = null
  #wasLate = false
  #isStopped = false

  constructor(
    definition: SourceDefinition,
    ports: Pick<EnginePorts, 'store' | 'host' | 'clock' | 'events' | 'config'>,
    parts: PolledSourceParts,
  ) {
    this.#definition = definition
    this.#ports = ports
    this.#parts = parts
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

  /** Resolves when the running poll has ended, at the latest after `pollWaitMs`. */
  async stop(pollWaitMs: number): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    // Writes now, because the running poll may end after the store is closed.
    await this.#writeSkips()
    const poll = this.#poll
    if (pollWaitMs === Number.POSITIVE_INFINITY) await poll
    else if (poll !== null && pollWaitMs > 0) await settledWithin(poll, pollWaitMs, this.#ports.clock)
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
    const { host, clock, config } = this.#ports
    const { stopping, startLimit, waiting } = this.#parts
    this.#wasLate = false
    // The queue is full, so the result could not be accepted.
    if (waiting() >= config.maxWaitingEvents) return
    const { name: source, script } = this.#definition
    const monotonicAt = clock.monotonic()
    const asked = { at: clock.now(), monotonicAt, latenessMs: Math.round(monotonicAt - this.#dueAt) }
    const answer = await host.accumulate({
      script,
      source,
      mode: 'poll',
      events: [],
      firstSequence: 0,
      deadlineMs: config.pollDeadlineMs,
      startLimit: startLimit(),
      stopping,
    })
    this.#wasLate = answer.kind === 'notStarted' && answer.isLate === true
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
    if (answer.kind === 'notStarted' || answer.kind === 'notServed') return
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
        await this.#parts.intake.push(this.#definition.name, { eventText: result.valueText, poll }, 0)
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
    await store.graphs.recordPolls(source, [poll])
  }

  async #writeSkips(): Promise<void> {
    const skips = this.#skips
    this.#skipTimer?.cancel()
    this.#skipTimer = null
    this.#skips = null
    if (skips === null) return
    try {
      await this.#ports.store.graphs.recordPolls(this.#definition.name, [skips])
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
