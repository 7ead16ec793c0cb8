/**
 * Loop 1: polls due triggers and records the results. Owned by the engine. `PolledTriggers` selects the triggers,
 * `due.ts` computes the times, and `TickRecorder` stores the results. A poll that skips allocates nothing except the
 * call of the host, and no timer.
 *
 * States of a trigger here, and the moves:
 *   parked   -> waiting   declared, enabled and leased: due immediately the first time
 *   waiting  -> polling   it is due; all due triggers go to the host in one tick of the event loop
 *   polling  -> waiting   its outcome is recorded: due one interval after its due time, missed times collapse
 *   polling  -> parked    its outcome is recorded, and it was disabled, or its code or lease is gone
 *   waiting  -> parked    disabled, or its code or lease is gone
 *   polling  -> waiting   it could not start before the end of the lease: due as before
 *   polling  -> waiting   executions of it wait until fewer are active: due one interval later, and not polled before
 *   waiting  -> waiting   no heartbeat of this process for half a lease: due polls wait until the leases are renewed
 * So a trigger never overlaps itself, and one that hangs delays nobody else.
 */

import { InternalError, toError } from '../../errors.ts'
import type { ActionAnswer, NewAction } from '../../model/action.ts'
import type { PollOutcome, TriggerDefinition } from '../../model/trigger.ts'
import { RetriedWrites } from '../backoff/retried-writes.ts'
import type { Timer } from '../clock-port.ts'
import { DueHeap, firstDueAt, jitteredAt, nextDueAt } from '../due.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { TickResult } from '../ports.ts'
import type { OnFired } from '../starts/firing-context.ts'
import type { StateChange } from '../store-ports.ts'
import type { StateChangeResult } from './poll-records.ts'
import { isPollable, type PolledTrigger } from './polled-trigger.ts'
import { PolledTriggers } from './polled-triggers.ts'
import { TickRecorder, toActionAnswer } from './tick-recorder.ts'
import type { HeldLease } from './trigger-leases.ts'
import type { PollByHand, TriggerPoll } from './trigger-poll.ts'

/** Maximum number of polls sent per tick of the event loop, so that answers and tasks are not delayed. */
const MAX_BATCH = 500
/** Number of triggers at which one is always due. Then wake-ups are 10 ms apart: a batch costs more than a poll. */
const MANY_TRIGGERS = 500
const MANY_WAKE_EVERY_MS = 10
/** Time after which leases that could not be renewed are requested again. */
const RENEW_AGAIN_MS = 5_000

export class Scheduler {
  readonly #ports: EnginePorts
  readonly #recorder: TickRecorder
  readonly #stopping = new AbortController()
  readonly #due = new DueHeap<PolledTrigger>()
  readonly triggers: PolledTriggers
  readonly writes: RetriedWrites
  #timer: Timer | null = null
  #timerAt = Number.POSITIVE_INFINITY
  #lastWakeAt = Number.NEGATIVE_INFINITY
  #polls = 0
  #onIdle: (() => void) | null = null
  /** Polls by hand without an outcome so far. */
  readonly #byHand = new Set<PollByHand>()
  /** Callbacks for the end of the running poll of a trigger. */
  readonly #whenEnded = new Map<PolledTrigger, (() => void)[]>()
  #renewing: Promise<void> | null = null
  #isDraining = false
  #isStopped = false

  /** `onLeased`: called after this engine has taken leases of triggers. */
  constructor(ports: EnginePorts, onFired: OnFired, onLeased: () => void) {
    this.#ports = ports
    this.triggers = new PolledTriggers(ports, {
      stopping: this.#stopping.signal,
      onLeased,
      onChanged: (trigger, index) => this.#changed(trigger, index),
    })
    this.writes = new RetriedWrites(ports)
    this.#recorder = new TickRecorder(ports, onFired, this.triggers, this.writes)
  }

  /** Resolves when the declarations are in the store. */
  start(): Promise<void> {
    return this.triggers.start()
  }

  /** Stores the declarations in another database that was opened, and then the results of polls since. */
  async storeFound(): Promise<void> {
    this.triggers.storeFound()
    await this.triggers.settled()
    this.writes.retryNow()
  }

  /** Stops polling. Settles when the running polls have been recorded. */
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

  get activePolls(): number {
    return this.#polls
  }

  underWay(): readonly string[] {
    return this.triggers.polling().map((name) => `trigger '${name}'`)
  }

  /** Drops later outcomes. Resolves with the names of those that Python had returned and that could not be stored. */
  async stop(): Promise<readonly string[]> {
    this.#isDraining = true
    this.#isStopped = true
    this.#timer?.cancel()
    this.triggers.stop()
    for (const trigger of [...this.#whenEnded.keys()]) this.#endWaits(trigger)
    for (const { action, answer } of this.#byHand) answer(unknownResult(action.target))
    return await this.writes.stop()
  }

  /** Handles a trigger that is new, or was declared again, enabled, disabled, leased or lost. */
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

  /** Uses one timer for all triggers, and replaces it only when a trigger is due sooner. */
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

  /** Returns whether leases may be lost: the heartbeat is old, or they were read before a gap between heartbeats. */
  #mustRenew(): boolean {
    const { heartbeat } = this.#ports
    return heartbeat.isStale() || heartbeat.startLimit !== this.triggers.startLimit
  }

  /** Renews the leases after a standstill or a loss of the database, since other engines may hold them. */
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
   * Polls the target of an action after the running poll, also if the trigger is disabled, and keeps its due time. The
   * answer is stored with the poll, unless it is a refusal. Returns null if this engine does not poll the trigger.
   * `isAsked`: another process has stored the action.
   */
  async pollNow(action: NewAction, isAsked: boolean): Promise<ActionAnswer | null> {
    return await this.#whenIdle(action.target, (trigger) => this.#pollIdle(trigger, action, isAsked))
  }

  async #pollIdle(trigger: PolledTrigger, action: NewAction, isAsked: boolean): Promise<ActionAnswer | null> {
    const { lease } = trigger
    if (lease?.hasWaiting && !isForced(action)) {
      await this.#checkWaiting(action.target, lease)
      if (lease.hasWaiting) return waitingRefusal(action.target, trigger.policy.maxActive)
      return await this.pollNow(action, isAsked)
    }
    this.#due.remove(trigger)
    const now = this.#ports.clock.monotonic()
    // Not late, even if it was disabled long ago.
    trigger.unsafeDueAt = now
    const answered = await new Promise<ActionAnswer | null>((answer) => {
      this.#ask(trigger, now, null, { action, isAsked, answer })
    })
    if (answered !== null) return answered
    await this.triggers.settled()
    return await this.pollNow(action, isAsked)
  }

  /** Changes a state after the running poll. Returns null if this engine does not poll the trigger. */
  async changeState(change: Omit<StateChange, 'lease'>): Promise<StateChangeResult | null> {
    return await this.#whenIdle(change.trigger, (trigger) => this.#changeIdle(trigger, change))
  }

  async #changeIdle(trigger: PolledTrigger, change: Omit<StateChange, 'lease'>): Promise<StateChangeResult | null> {
    const { lease } = trigger
    if (lease === null || lease.number === null) return null
    this.#due.remove(trigger)
    trigger.isPolling = true
    this.#polls += 1
    try {
      const result = await this.#ports.store.changeState({ ...change, lease: lease.number })
      if (result.kind === 'stored' || result.kind === 'stateChanged') {
        lease.state = { text: result.state.text, version: result.state.version }
      }
      return result.kind === 'held' ? null : result
    } finally {
      this.#recorded(trigger, { byHand: null }, this.#ports.clock.monotonic(), true)
    }
  }

  /** Calls the function in the tick in which the trigger has no running poll. Null: this engine does not poll it. */
  async #whenIdle<Result>(name: string, run: (trigger: PolledTrigger) => Promise<Result>): Promise<Result | null> {
    if (this.#mustRenew()) await this.#renewFirst()
    let trigger = this.triggers.held(name)
    while (trigger?.isPolling && !this.#isDraining) {
      await this.#endOfPoll(trigger)
      trigger = this.triggers.held(name)
    }
    return trigger === null || this.#isDraining ? null : await run(trigger)
  }

  #poll(trigger: PolledTrigger, now: number): void {
    trigger.lastDueAt = trigger.baseDueAt
    if (trigger.lease?.hasWaiting) {
      void this.#pollUnlessWaiting(trigger, trigger.lease)
      return
    }
    // Lateness does not include jitter.
    this.#ask(trigger, now, Math.round(now - trigger.unsafeDueAt), null)
  }

  /** Polls a due trigger, unless executions of it wait until fewer are active. Then it waits for its next due time. */
  async #pollUnlessWaiting(trigger: PolledTrigger, lease: HeldLease): Promise<void> {
    trigger.isPolling = true
    this.#polls += 1
    await this.#checkWaiting(trigger.definition.name, lease)
    if (this.#isStopped) return
    const now = this.#ports.clock.monotonic()
    const mayPoll = !lease.hasWaiting && !this.#isDraining && !this.#whenEnded.has(trigger)
    if (!mayPoll || !isPollable(trigger) || trigger.lease !== lease) {
      this.#recorded(trigger, { byHand: null }, now)
      return
    }
    this.#polls -= 1
    this.#ask(trigger, now, Math.round(now - trigger.unsafeDueAt), null)
  }

  async #checkWaiting(name: string, lease: HeldLease): Promise<void> {
    lease.hasWaiting = await this.#recorder.releaseWaiting(name)
  }

  /** Lets waiting executions of a trigger begin, if its limit has changed. */
  async releaseWaiting(name: string): Promise<void> {
    await this.#recorder.releaseWaiting(name)
  }

  #ask(trigger: PolledTrigger, now: number, latenessMs: number | null, byHand: PollByHand | null): void {
    const { definition, lease } = trigger
    if (lease === null)
      throw new InternalError(`This engine tried to poll trigger "${definition.name}", but does not serve it.`)
    trigger.isPolling = true
    this.#polls += 1
    const poll = trigger.poll ?? this.#firstPoll(trigger, lease)
    poll.lease = lease
    poll.latenessMs = latenessMs
    trigger.latenessMs = latenessMs
    poll.at = now
    poll.byHand = byHand
    poll.given = givenState(definition, lease)
    if (byHand !== null) this.#byHand.add(byHand)
    const { startLimit } = this.triggers
    const { request } = trigger
    const { given } = poll
    const sent = given === null ? { ...request, startLimit } : { ...request, startLimit, stateText: given.text }
    this.#ports.host.poll(sent).then(poll.answered, poll.failed)
  }

  #firstPoll(trigger: PolledTrigger, lease: HeldLease): TriggerPoll {
    const poll: TriggerPoll = {
      ...{ lease, at: 0, latenessMs: null, byHand: null, given: null, durationMs: 0, log: null },
      definition: trigger.definition,
      answered: (outcome) => this.#polled(trigger, poll, outcome),
      failed: (thrown) => this.#polled(trigger, poll, hostFault(thrown)),
    }
    trigger.poll = poll
    return poll
  }

  #polled(trigger: PolledTrigger, poll: TriggerPoll, outcome: TickResult): void {
    if (this.#isStopped) return
    const now = this.#ports.clock.monotonic()
    const { byHand } = poll
    if (byHand !== null) this.#byHand.delete(byHand)
    if (outcome.kind === 'notStarted') {
      this.#recorded(trigger, poll, now, outcome.isLate)
      byHand?.answer(unknownResult(trigger.definition.name))
      return
    }
    const log = trigger.log.take()
    poll.log = outcome.kind !== 'skipped' || this.#ports.config.keepSkipLogs ? log : null
    poll.durationMs = Math.round(now - poll.at)
    poll.definition = trigger.definition
    const recorded = this.#recorder.record(trigger, poll, outcome)
    if (recorded === null) {
      this.#recorded(trigger, poll, now)
      return
    }
    void recorded.then((report) => {
      this.#recorded(trigger, poll, this.#ports.clock.monotonic())
      if (report !== null) byHand?.answer(toActionAnswer(report))
      else byHand?.answer(this.#isStopped ? unknownResult(trigger.definition.name) : null)
    })
  }

  /** `isLate`: the poll could not start in time, and is still due. */
  #recorded(trigger: PolledTrigger, { byHand }: Pick<TriggerPoll, 'byHand'>, now: number, isLate = false): void {
    trigger.isPolling = false
    trigger.latenessMs = null
    this.#polls -= 1
    if (this.#polls === 0) this.#onIdle?.()
    if (this.#whenEnded.size > 0) this.#endWaits(trigger)
    if (!isPollable(trigger)) return
    const isStillToCome = isLate || (byHand !== null && trigger.baseDueAt > now)
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

/** Returns the state that the next poll receives. Null if the trigger takes none. */
function givenState({ initialStateText }: TriggerDefinition, { state }: HeldLease): TriggerPoll['given'] {
  if (initialStateText === undefined || state === null) return null
  return { text: state.text ?? initialStateText, version: state.version }
}

/** Returns the answer to a poll by hand that ended without an outcome, or whose outcome was not stored. */
function unknownResult(trigger: string): ActionAnswer {
  const text = `The result of polling trigger "${trigger}" is unknown, because the engine that polls it is stopping.`
  return { isRefused: true, text }
}

function isForced({ argumentsText }: NewAction): boolean {
  return argumentsText !== null && (JSON.parse(argumentsText) as { readonly force?: boolean }).force === true
}

function waitingRefusal(trigger: string, maxActive: number | null): ActionAnswer {
  const limit = maxActive ?? 'max_active'
  const reason = `executions of it wait until fewer than ${limit} are active`
  const text = `Trigger "${trigger}" was not polled, because ${reason}. Wait for them, or poll it with --force.`
  return { isRefused: true, text }
}

/** Converts an exception of a host, which should return outcomes, to a failure of one poll. */
function hostFault(thrown: unknown): PollOutcome {
  const error = new InternalError(`The engine failed while it was calling the script: ${toError(thrown).message}.`)
  return { kind: 'failed', error: { type: error.name, message: error.message, traceback: error.stack ?? '' } }
}
