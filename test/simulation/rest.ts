/**
 * End of a run. The faults stop: suspended processes continue, the database refuses nothing, one process serves all
 * code, and paused executions are resumed. Then all accepted work must end within a limit, and nothing may be left.
 */

import { LAST_GENERATION, type LimitRequest, limitNames, type ProgramProcess } from './program.ts'
import { endingRequests, type RestRequest } from './rest-waits.ts'
import type { Leftovers } from './simulated-database.ts'
import type { SimulatedEngine, SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** Interval of repeated resumes, because an older pause may be applied late. */
const RESUME_EVERY_MS = 5_000
/** Time after which a request is sent again that no process could receive. */
const SENT_AGAIN_AFTER_MS = 500
/** Interval of requests that end waits, as the ends open further waits. */
const END_WAITS_EVERY_MS = 4_000
/** Time of the first comparison of executions: an engine that was declared dead has dropped its executions by then. */
const COMPARED_AFTER_MS = 4_000
/** Interval of the comparisons. The last one is before paused executions are resumed. */
const COMPARED_EVERY_MS = 100
/** Time beyond its interval after which a trigger without a poll is late. */
const POLL_SLACK_MS = 12_000
/** Maximum time until an engine has the result of a commit. */
const SETTLED_AFTER_MS = 1_000

export class RestCheck {
  readonly #simulation: Simulation
  /** Messages that must be delivered at the end of the run. */
  #undelivered: readonly number[] | null = null
  #begunAt = 0
  #nextN = 1_000_000
  /** Time since which no execution has been open. */
  #idleSince = Number.POSITIVE_INFINITY

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  begin(start: (spec: ProgramProcess) => void): void {
    const { processes, loop, receivers } = this.#simulation
    this.#begunAt = loop.now
    receivers.areHealthy = true
    for (const process of processes.values()) {
      process.refusals.end()
      process.isQuiet = true
      process.resume()
      process.reload(LAST_GENERATION, false)
    }
    start({
      name: 'last',
      machine: 0,
      startsAt: loop.now,
      role: 'serve',
      engines: 1,
      slots: 4,
      generation: LAST_GENERATION,
    })
    this.#enableTriggers()
    this.#disableLimitedCrons()
    this.#openLimits()
    this.#compareHeld()
    this.#resumePaused()
    this.#endWaits()
  }

  /**
   * Checks that no engine holds executions that it does not own, before all are resumed and end. An engine drops
   * an execution shortly after its end or release is stored, so one of the comparisons must find no surplus.
   */
  #compareHeld(): void {
    const { loop, model, report } = this.#simulation
    const surplus = new Map<SimulatedEngine, number>()
    const compare = (): void => {
      for (const each of this.#serving().flatMap(({ engines }) => engines)) {
        const seq = model.instances.get(each.engine.instanceId)
        const owned = model.executions.open.filter(({ ownerSeq }) => ownerSeq === seq).length
        const found = each.engine.health.gauges().activeExecutions - owned
        surplus.set(each, Math.min(found, surplus.get(each) ?? found))
      }
    }
    const until = this.#begunAt + RESUME_EVERY_MS
    for (let at = this.#begunAt + COMPARED_AFTER_MS; at < until; at += COMPARED_EVERY_MS) loop.step(at, compare)
    loop.step(until - 1, () => {
      for (const [{ id }, count] of surplus)
        if (count > 0) report('engines-hold-what-they-own', `${id} holds ${count} executions that it does not own`)
    })
  }

  /** Returns whether all executions have ended, except those of crons and backfills, and every caller has a result. */
  isDone(): boolean {
    const { callers, processes } = this.#simulation
    const isIdle = [...processes.values()].every(({ state }) => state === 'running' || state === 'ended')
    const isAnswered = callers.sent.every(({ outcome }) => outcome !== 'waiting')
    return isIdle && isAnswered && this.#open() === 0 && this.#simulation.loop.now > this.#begunAt + 16_000
  }

  /** Returns the number of open executions that must end. */
  #open(): number {
    const { restoredOpen, model } = this.#simulation
    return restoredOpen ?? model.executions.open.filter(mustEnd).length
  }

  /** Returns whether no execution has been open for some time, as crons still start some. Call it after each turn. */
  isSettled(): boolean {
    const { model, loop, restoredOpen } = this.#simulation
    if ((restoredOpen ?? model.executions.open.length) > 0) this.#idleSince = Number.POSITIVE_INFINITY
    else this.#idleSince = Math.min(this.#idleSince, loop.now)
    return loop.now - this.#idleSince > SETTLED_AFTER_MS
  }

  /** Returns whether the messages of the time before its first call are delivered. */
  isDelivered(): boolean {
    const { pending } = this.#simulation.model.deliveries
    this.#undelivered ??= pending
    return !pending.some((seq) => this.#undelivered?.includes(seq))
  }

  /** Returns the number of ended executions, without those that are started as long as the run lasts. */
  countEnded(): number {
    return [...this.#simulation.model.executions.byId.values()].filter((each) => each.isEnded && mustEnd(each)).length
  }

  /** Reports open executions. Called when no execution has ended for a long time. */
  checkFinished(): void {
    const { model, callers, processes, report, loop, restoredOpen } = this.#simulation
    if (restoredOpen !== null && restoredOpen > 0)
      report('accepted-executions-end', `${restoredOpen} executions of the restored database do not end`)
    for (const { id, status, ownerSeq, workflow, createdAt } of model.executions.open.filter(mustEnd)) {
      const age = loop.now - Math.max(createdAt, this.#begunAt)
      if (age > 120_000)
        report(
          'accepted-executions-end',
          `execution ${id} of ${workflow} is ${status}, owned by ${ownerSeq}, ${Math.round(age)} ms after the faults`,
        )
    }
    for (const { request, outcome } of callers.sent) {
      if (outcome === 'waiting') report('callers-are-answered', `request ${request.n} (${request.kind}) has no answer`)
    }
    for (const { spec, state } of processes.values()) {
      if (state === 'starting' || state === 'stopping')
        report('processes-come-to-rest', `process ${spec.name} is ${state}`)
    }
  }

  checkRest(leftovers: Leftovers | undefined): void {
    const { model, callers } = this.#simulation
    model.triggers.checkRest()
    model.batches.checkRest(this.#simulation.loop.now)
    model.deliveries.checkRest(this.#undelivered ?? [])
    callers.checkRest()
    this.#checkSlots()
    if (leftovers !== undefined) this.#checkLeftovers(leftovers)
    this.#checkPolls()
    this.#checkTicks()
    for (const process of this.#serving()) this.#checkGauges(process)
    this.#checkAlerts()
  }

  /** Checks after an orderly stop of all engines that nothing is left over. */
  checkStopped(leftovers: Leftovers | undefined): void {
    const { processes, report } = this.#simulation
    for (const { spec, state, leftovers: left } of processes.values()) {
      if (state !== 'ended') report('processes-come-to-rest', `process ${spec.name} does not end`)
      if (left.length > 0) report('nothing-is-left', `process ${spec.name} left ${left.join(', ')}`)
    }
    if (leftovers === undefined) return
    if (leftovers.instances.length > 0)
      report('nothing-is-left', `${leftovers.instances.length} engines are in the database`)
    if (leftovers.ownedExecutions > 0)
      report('nothing-is-left', `${leftovers.ownedExecutions} executions have an owner`)
    if (leftovers.leases > 0) report('nothing-is-left', `${leftovers.leases} leases are left`)
  }

  /** Checks that no attempt uses a slot of a limit, because no execution is open. */
  #checkSlots(): void {
    const { model, report } = this.#simulation
    const { open } = model.limitedAttempts
    if (this.isSettled() && open > 0) report('nothing-is-left', `${open} attempts use slots of limits`)
  }

  #serving(): readonly SimulatedProcess[] {
    return [...this.#simulation.processes.values()].filter(({ isServing }) => isServing)
  }

  #checkLeftovers({ integrity, instances, unansweredActions, subscriptions }: Leftovers): void {
    const { report, processes, model } = this.#simulation
    for (const problem of integrity) report('the-database-is-sound', problem)
    const living = new Set(this.#serving().flatMap(({ engines }) => engines.map(({ engine }) => engine.instanceId)))
    for (const process of processes.values()) {
      if (process.state === 'running') for (const { engine } of process.engines) living.add(engine.instanceId)
    }
    for (const id of instances)
      if (!living.has(id)) report('nothing-is-left', `the dead engine ${id} is in the database`)
    if (unansweredActions > 0) report('callers-are-answered', `${unansweredActions} actions are unanswered`)
    model.graphs.checkRest(subscriptions)
  }

  /** Checks that every enabled and declared trigger is polled. */
  #checkPolls(): void {
    const { model, program, loop, report } = this.#simulation
    for (const { name, everyMs } of program.triggers) {
      const trigger = model.triggers.byName.get(name)
      if (trigger === undefined || !trigger.isEnabled) continue
      const intervalMs = trigger.overrides === null ? everyMs : 10_000
      const sinceMs = loop.now - (trigger.lastPollAt ?? 0)
      if (sinceMs > intervalMs + POLL_SLACK_MS) {
        report(
          'enabled-triggers-are-polled',
          `${name} was polled ${Math.round(sinceMs)} ms ago, its lease has ${trigger.leaseSeq}`,
        )
      }
    }
  }

  #checkTicks(): void {
    const { model, polls, report, program } = this.#simulation
    for (const [name, { certain, possible }] of polls.counts) {
      const trigger = model.triggers.byName.get(name)
      if (trigger === undefined) continue
      const ticks = trigger.ticks + trigger.openSkips
      // Ticks of the last second may be buffered, and retention may remove open runs of skipped polls.
      if (program.retentionMs === null && ticks + BUFFERED_POLLS < certain)
        report('polls-leave-ticks', `${name} has ${ticks} ticks for ${certain} polls`)
      if (ticks > possible + this.#firedByHand(name))
        report('polls-leave-ticks', `${name} has ${ticks} ticks for ${possible} polls`)
      if (this.#startsAlways(name) && trigger.firings < polls.fired(name))
        report('firings-are-stored', `${name} has ${trigger.firings} firings, but fired ${polls.fired(name)} times`)
    }
  }

  /** Returns whether each firing of a trigger is stored as a firing of its own. */
  #startsAlways(name: string): boolean {
    const { program } = this.#simulation
    const { allowConcurrent, policy, hasRows } = program.triggers.find((each) => each.name === name) ?? {}
    const isChanged = program.steps.some((step) => 'request' in step && step.request.kind === 'set')
    return allowConcurrent === true && hasRows === false && Object.keys(policy ?? {}).length === 0 && !isChanged
  }

  /** Returns the number of manual firings, whose ticks have no polls. */
  #firedByHand(trigger: string): number {
    return this.#simulation.callers.sent.filter(({ request }) => request.kind === 'fire' && request.trigger === trigger)
      .length
  }

  #checkGauges(process: SimulatedProcess): void {
    const { report } = this.#simulation
    if (!this.isSettled()) return
    for (const { id, engine, python } of process.engines) {
      const { activeExecutions, activeAttempts, waitingTasks, slots, freeSlots } = engine.health.gauges()
      if (activeExecutions + activeAttempts + waitingTasks > 0) {
        report(
          'gauges-are-zero',
          `${id} shows ${activeExecutions} executions, ${activeAttempts} attempts, ${waitingTasks} waiting tasks`,
        )
      }
      if (slots !== freeSlots && python.running === 0)
        report('gauges-are-zero', `${id} shows ${freeSlots} of ${slots} slots as free`)
    }
  }

  /** Checks that the failure of an execution caused at most one alert, which may arrive twice. */
  #checkAlerts(): void {
    const { alerts, report } = this.#simulation
    const alertOf = new Map<string | null, string>()
    for (const alert of alerts) {
      if (alert.kind !== 'execution-failed' || alert.state === 'recovered') continue
      const first = alertOf.get(alert.subject) ?? alert.id
      alertOf.set(alert.subject, first)
      if (first !== alert.id) report('alerts-arrive-once', `the failure of ${alert.subject} caused two alerts`)
    }
  }

  #enableTriggers(): void {
    const { program, loop } = this.#simulation
    for (const { name } of program.triggers) {
      loop.step(loop.now + 3_000, () => this.#send({ kind: 'reset', trigger: name }))
      loop.step(loop.now + 3_500, () => this.#send({ kind: 'enable', trigger: name }))
    }
  }

  /**
   * Disables crons whose executions may use all slots of a limit until the end. Executions of a lower priority, which
   * may starve, would not end.
   */
  #disableLimitedCrons(): void {
    const { program, loop } = this.#simulation
    const limited = program.workflows.filter(({ tasks }) => tasks.some(({ limits }) => limits !== undefined))
    for (const { name, workflow } of program.crons) {
      if (!limited.some(({ key }) => key === workflow)) continue
      loop.step(loop.now + 3_500, () => this.#send({ kind: 'disable', trigger: name }))
    }
  }

  /** Opens all limits, and gives them the values of the code. */
  #openLimits(): void {
    const { program, loop } = this.#simulation
    for (const limit of limitNames(program)) {
      loop.step(loop.now + 3_000, () => this.#send({ kind: 'openLimit', limit, value: null }))
      loop.step(loop.now + 3_500, () => this.#send({ kind: 'resetLimit', limit }))
    }
  }

  /** Resumes executions whose last request was a pause. */
  #resumePaused(): void {
    const { model, loop, callers } = this.#simulation
    loop.step(loop.now + RESUME_EVERY_MS, () => {
      for (const { id, isPaused } of model.executions.open) {
        const n = this.#requestOf(id)
        const isResumed = callers.sent.some(
          (each) =>
            each.request.n >= 1_000_000 &&
            each.request.kind === 'resume' &&
            each.target === id &&
            each.outcome !== 'refused' &&
            each.outcome !== 'unknown',
        )
        if (isPaused && n !== null && !isResumed) this.#send({ kind: 'resume', target: n })
      }
      if (this.#isWorking()) this.#resumePaused()
    })
  }

  /** Returns whether waits and pauses may have to be ended: at first, and as long as executions are open. */
  #isWorking(): boolean {
    const { model, loop } = this.#simulation
    return loop.now < this.#begunAt + 100_000 || model.executions.open.some(mustEnd)
  }

  #endWaits(): void {
    const { loop } = this.#simulation
    loop.step(loop.now + END_WAITS_EVERY_MS, () => {
      const [process] = this.#serving()
      if (process === undefined) return this.#endWaits()
      for (const request of endingRequests(this.#simulation, process.clock.now())) this.#send(request)
      if (this.#isWorking()) this.#endWaits()
    })
  }

  #requestOf(id: string): number | null {
    for (const [marker, ids] of this.#simulation.model.executions.byMarker) {
      if (ids.includes(id) && marker.startsWith('request ')) return Number(marker.slice(8))
    }
    return null
  }

  #send(
    request:
      | { readonly kind: 'resume'; readonly target: number }
      | { readonly kind: 'reset' | 'enable' | 'disable'; readonly trigger: string }
      | LimitRequest
      | RestRequest,
  ): void {
    const { loop, callers } = this.#simulation
    const process = this.#serving()[0]
    if (process === undefined) {
      // The last process may still wait for a lock of one that was killed.
      loop.step(loop.now + SENT_AGAIN_AFTER_MS, () => this.#send(request))
      return
    }
    this.#nextN += 1
    callers.send({ n: this.#nextN, process: process.spec.name, ...request }, process)
  }
}

const BUFFERED_POLLS = 12

/** Crons and backfills start executions until the end, possibly faster than a single slot can run them. */
function mustEnd({ origin }: { readonly origin: string }): boolean {
  return origin !== 'cron' && origin !== 'backfill'
}
