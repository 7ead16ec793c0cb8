/**
 * Loop 1: polls the triggers that are due and records what came of it. Started and stopped by the engine. Which
 * triggers are polled is for `PolledTriggers`, when for `due.ts`, what is recorded for `TickRecorder`: this file only
 * sequences them. The path of a poll that skips makes no timer and nothing of its own but the call to the host.
 *
 * States of a trigger here, and the moves:
 *   parked   -> waiting   declared, enabled and leased: due at once the first time
 *   waiting  -> polling   its due time has come; all that are due go to the host in one tick of the event loop
 *   polling  -> waiting   its outcome is recorded: due one interval after it was due, missed instants collapse
 *   polling  -> parked    its outcome is recorded, and meanwhile it was disabled, or its code or lease is gone
 *   waiting  -> parked    disabled, or its code or lease is gone
 *   polling  -> waiting   it could not start before the lease was over: due as before
 *   waiting  -> waiting   this process was not heard of for half a lease: what is due waits until the leases are renewed
 * So a trigger never overlaps itself, and one that hangs delays nobody else.
 */

import { InternalError, toError } from '../../errors.ts'
import { UNCHANGED_REASON } from '../../model/policy.ts'
import type { PollOutcome } from '../../model/trigger.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import { DueHeap, firstDueAt, jitteredAt, nextDueAt } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { OnFired } from '../firing-context.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Clock, ContextCodec, NotEntered, ScriptHost, Store, Timer } from '../ports.ts'
import { isPollable, type PolledTrigger } from './polled-trigger.ts'
import { PolledTriggers } from './polled-triggers.ts'
import { isUnchanged, type Polled, skipReport, TickRecorder } from './tick-recorder.ts'
import type { HeldLease } from './trigger-leases.ts'
import type { PolledNow, TriggerPoll } from './trigger-poll.ts'

/** Polls sent in one tick of the event loop; the rest goes in the next one, so that answers and tasks are not kept waiting. */
const MAX_BATCH = 500
/** With this many triggers there is always one due: each wake-up then takes those of 10 ms, for a batch costs more than a poll. */
const MANY_TRIGGERS = 500
const MANY_WAKE_EVERY_MS = 10
/** Leases that could not be renewed are asked for again after this. */
const RENEW_AGAIN_MS = 5_000

export interface SchedulerPorts {
  /** Called after this engine has taken triggers from another one. */
  readonly onLeased: () => void
  readonly instanceId: string
  readonly store: Store
  readonly host: ScriptHost
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly newId: () => string
  /** In [0, 1), for the jitter of polls. */
  readonly random: () => number
  readonly heartbeat: Heartbeat
}

export class Scheduler {
  readonly #ports: SchedulerPorts
  readonly #recorder: TickRecorder
  readonly #stopping = new AbortController()
  readonly #due = new DueHeap<PolledTrigger>()
  readonly triggers: PolledTriggers
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #lastWakeAt = Number.NEGATIVE_INFINITY
  #polls = 0
  #onIdle: (() => void) | null = null
  readonly #byHand = new AskedByHand()
  /** Those who wait for the end of the poll that is out. */
  readonly #whenEnded = new Map<PolledTrigger, (() => void)[]>()
  #renewing: Promise<void> | null = null
  #isDraining = false
  #isStopped = false

  constructor(ports: SchedulerPorts, onFired: OnFired) {
    this.#ports = ports
    this.#recorder = new TickRecorder(ports, onFired)
    const { pollDeadlineMs, pollLogBytes } = ports.config
    const stopping = this.#stopping.signal
    this.triggers = new PolledTriggers({ ...ports, pollDeadlineMs, pollLogBytes, stopping }, (trigger, index) =>
      this.#changed(trigger, index),
    )
  }

  /** Settles when what the code declares is in the store. */
  async start(): Promise<void> {
    this.triggers.registryChanged()
    await this.triggers.settled()
  }

  /** The code may declare something else now. */
  registryChanged(): void {
    this.triggers.registryChanged()
  }

  /** Another database is open: what the code declares is entered in it, and then what polls brought meanwhile. */
  async storeFound(): Promise<void> {
    this.triggers.storeFound()
    await this.triggers.settled()
    this.#recorder.retryNow()
  }

  /** Polls no more. Settles when the polls that are out have been recorded. */
  drain(): Promise<void> {
    this.#isDraining = true
    this.#stopping.abort()
    this.#timer?.cancel()
    this.triggers.stop()
    if (this.#polls === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** How many polls are out. */
  get activePolls(): number {
    return this.#polls
  }

  /** Polls that are out, as logs name them. */
  underWay(): readonly string[] {
    return this.triggers.polling().map((name) => `trigger '${name}'`)
  }

  /** Outcomes that come later are dropped. */
  stop(): void {
    this.#isDraining = true
    this.#isStopped = true
    this.#timer?.cancel()
    this.triggers.stop()
    this.#recorder.stop()
    for (const trigger of [...this.#whenEnded.keys()]) this.#endWaits(trigger)
    this.#byHand.giveUp()
  }

  /** A trigger is new, or was declared anew, enabled, disabled, leased or lost. */
  #changed(trigger: PolledTrigger, index: number): void {
    if (trigger.isPolling) return
    if (!isPollable(trigger)) {
      this.#due.remove(trigger)
      return
    }
    const now = this.#ports.clock.monotonic()
    const { lastDueAt } = trigger
    this.#wait(trigger, lastDueAt === null ? firstDueAt(now, index) : nextDueAt(lastDueAt, trigger.intervalMs, now))
  }

  #wait(trigger: PolledTrigger, baseDueAt: number): void {
    if (this.#isDraining) return
    trigger.baseDueAt = baseDueAt
    const jitterMs = trigger.policy.jitterMs ?? this.#ports.config.pollJitterMs
    this.#due.push(trigger, jitteredAt(baseDueAt, jitterMs, this.#ports.random()))
    this.#arm()
  }

  /** One timer, whatever the number of triggers; it is set anew only when something is due sooner. */
  #arm(): void {
    const { nextDueAt, size } = this.#due
    if (nextDueAt >= this.#timerAt) return
    const at = size < MANY_TRIGGERS ? nextDueAt : Math.max(nextDueAt, this.#lastWakeAt + MANY_WAKE_EVERY_MS)
    if (at < this.#timerAt) this.#wakeBy(at)
  }

  #wakeBy(at: number): void {
    if (this.#isDraining) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#ports.clock.wakeAfter(
      at - this.#ports.clock.monotonic(),
      () => this.#wake(),
      'polling triggers',
    )
  }

  #wake(): void {
    this.#timerAt = Number.POSITIVE_INFINITY
    if (this.#mustRenew()) {
      void this.#renewFirst()
      return
    }
    const now = this.#ports.clock.monotonic()
    this.#lastWakeAt = now
    for (let sent = 0; sent < MAX_BATCH; sent++) {
      const trigger = this.#due.popDue(now)
      if (trigger === null) break
      this.#poll(trigger, now)
    }
    this.#arm()
  }

  /** Returns whether leases may be lost: the heartbeat is old, or they were read before a gap between two heartbeats. */
  #mustRenew(): boolean {
    const { heartbeat } = this.#ports
    return heartbeat.isStale() || heartbeat.startLimit !== this.triggers.startLimit
  }

  /** This process stood still, or the database could not be reached: what it held may be another's by now. */
  #renewFirst(): Promise<void> {
    this.#renewing ??= this.#renew()
    return this.#renewing
  }

  async #renew(): Promise<void> {
    this.triggers.renewLeases()
    await this.triggers.settled()
    this.#renewing = null
    if (this.#mustRenew()) this.#wakeBy(this.#ports.clock.monotonic() + RENEW_AGAIN_MS)
    else this.#arm()
  }

  /**
   * Polls a trigger out of turn, after the poll that is out, and whether it is enabled or not: when it is due stays as it
   * was. Null: it is not polled here.
   */
  async pollNow(name: string): Promise<PolledNow | null> {
    if (this.#mustRenew()) await this.#renewFirst()
    let trigger = this.triggers.held(name)
    while (trigger?.isPolling && !this.#isDraining) {
      await this.#endOfPoll(trigger)
      trigger = this.triggers.held(name)
    }
    if (trigger === null || this.#isDraining) return null
    this.#due.remove(trigger)
    const now = this.#ports.clock.monotonic()
    // It is not late, however long ago it was disabled.
    trigger.unsafeDueAt = now
    return await this.#byHand.ask((answer) => this.#ask(trigger, now, null, answer))
  }

  #poll(trigger: PolledTrigger, now: number): void {
    trigger.lastDueAt = trigger.baseDueAt
    // When it was to be asked: jitter is no lateness.
    this.#ask(trigger, now, Math.round(now - trigger.unsafeDueAt), null)
  }

  #ask(trigger: PolledTrigger, now: number, latenessMs: number | null, answer: TriggerPoll['answer']): void {
    const { definition, lease } = trigger
    if (lease === null)
      throw new InternalError(`This engine tried to poll trigger "${definition.name}", but does not serve it.`)
    trigger.isPolling = true
    this.#polls += 1
    const poll = trigger.poll ?? this.#firstPoll(trigger, lease)
    poll.lease = lease
    poll.latenessMs = latenessMs
    poll.at = now
    poll.answer = answer
    const { startLimit } = this.triggers
    this.#ports.host.poll({ ...trigger.request, startLimit }).then(poll.answered, poll.failed)
  }

  #firstPoll(trigger: PolledTrigger, lease: HeldLease): TriggerPoll {
    const poll: TriggerPoll = {
      ...{ lease, latenessMs: null, at: 0, answer: null },
      answered: (outcome) => this.#polled(trigger, poll, outcome),
      failed: (thrown) => this.#polled(trigger, poll, hostFault(thrown)),
    }
    trigger.poll = poll
    return poll
  }

  #polled(trigger: PolledTrigger, asked: TriggerPoll, outcome: PollOutcome | NotEntered): void {
    if (this.#isStopped) return
    const now = this.#ports.clock.monotonic()
    if (outcome.kind === 'notEntered') {
      this.#recorded(trigger, asked, now, outcome.isLate)
      asked.answer?.({ kind: 'notEntered' })
      return
    }
    const log = trigger.log.take()
    const isKept = log !== null && (outcome.kind !== 'skipped' || this.#ports.config.keepSkipLogs)
    const durationMs = Math.round(now - asked.at)
    const times = { latenessMs: asked.latenessMs, durationMs, log: isKept ? log : null }
    const { definition, policy, counters } = trigger
    const polled: Polled = { definition, policy, counters, lease: asked.lease, times }
    if (outcome.kind === 'skipped' || isUnchanged(polled, outcome)) {
      this.#recorder.skipped(polled, outcome)
      this.#recorded(trigger, asked, now)
      const reason = outcome.kind === 'skipped' ? outcome.reason : UNCHANGED_REASON
      asked.answer?.({ kind: 'answered', report: { ...skipReport(reason), durationMs: times.durationMs } })
      return
    }
    void this.#recorder.record(polled, outcome).then(({ state, report }) => {
      if (state === 'lost') this.triggers.leaseLost(trigger)
      if (state === 'paused') this.triggers.paused(trigger)
      this.#recorded(trigger, asked, this.#ports.clock.monotonic())
      asked.answer?.({ kind: 'answered', report: { ...report, durationMs: times.durationMs } })
    })
  }

  /** `isLate`: the poll could not start in time, and is still due. */
  #recorded(trigger: PolledTrigger, { answer }: TriggerPoll, now: number, isLate = false): void {
    trigger.isPolling = false
    this.#polls -= 1
    if (this.#polls === 0) this.#onIdle?.()
    if (this.#whenEnded.size > 0) this.#endWaits(trigger)
    if (!isPollable(trigger)) return
    const isStillToCome = isLate || (answer !== null && trigger.baseDueAt > now)
    this.#wait(trigger, isStillToCome ? trigger.baseDueAt : nextDueAt(trigger.baseDueAt, trigger.intervalMs, now))
  }

  #endOfPoll(trigger: PolledTrigger): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#whenEnded.get(trigger) ?? []
      this.#whenEnded.set(trigger, [...others, resolve])
    })
  }

  #endWaits(trigger: PolledTrigger): void {
    const waiting = this.#whenEnded.get(trigger) ?? []
    this.#whenEnded.delete(trigger)
    for (const resolve of waiting) resolve()
  }
}

/** Those who wait for polls out of turn. */
class AskedByHand {
  readonly #waiting = new Set<(answer: PolledNow) => void>()

  ask(poll: (answer: (answer: PolledNow) => void) => void): Promise<PolledNow> {
    return new Promise((resolve) => {
      const answer = (given: PolledNow): void => {
        this.#waiting.delete(answer)
        resolve(given)
      }
      this.#waiting.add(answer)
      poll(answer)
    })
  }

  giveUp(): void {
    for (const answer of this.#waiting) answer({ kind: 'notEntered' })
  }
}

/** The port promises an outcome; a host that rejects all the same costs one poll. */
function hostFault(thrown: unknown): PollOutcome {
  const error = new InternalError(`The engine failed while it was calling the script: ${toError(thrown).message}.`)
  return { kind: 'failed', error: { type: error.name, message: error.message, traceback: error.stack ?? '' } }
}
