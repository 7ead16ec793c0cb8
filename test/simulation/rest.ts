/**
 * The end of a run. The faults stop: suspended processes continue, the database refuses nothing, one process serves all code,
 * and paused executions are resumed. Then all accepted work must end within a limit, and nothing may be left over.
 */

import { LAST_GENERATION, type ProgramProcess } from './program.ts'
import type { Leftovers } from './simulated-database.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** Paused executions are resumed again after this, should an older pause have been applied late. */
const RESUME_EVERY_MS = 5_000
/** A trigger is late at rest when it was not polled for its interval and this. */
const POLL_SLACK_MS = 12_000
/** Longest time until an engine has the answer to a commit. */
const SETTLED_AFTER_MS = 1_000

export class RestCheck {
  readonly #simulation: Simulation
  #begunAt = 0
  #nextN = 1_000_000
  /** Time since which no execution has been open. */
  #idleSince = Number.POSITIVE_INFINITY

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  begin(start: (spec: ProgramProcess) => void): void {
    const { processes, loop } = this.#simulation
    this.#begunAt = loop.now
    for (const process of processes.values()) {
      process.endRefusals()
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
    this.#resumePaused()
  }

  /** Nothing is under way any more, and every caller has an answer. */
  isDone(): boolean {
    const { model, callers, processes } = this.#simulation
    const isIdle = [...processes.values()].every(({ state }) => state === 'running' || state === 'ended')
    const isAnswered = callers.sent.every(({ outcome }) => outcome !== 'waiting')
    const open = model.executions.open.filter(({ origin }) => origin !== 'cron')
    return isIdle && isAnswered && open.length === 0 && this.#simulation.loop.now > this.#begunAt + 16_000
  }

  /** Crons make executions at rest, too: whether the last one ended long enough ago. To be asked after each turn. */
  isSettled(): boolean {
    const { model, loop } = this.#simulation
    if (model.executions.open.length > 0) this.#idleSince = Number.POSITIVE_INFINITY
    else this.#idleSince = Math.min(this.#idleSince, loop.now)
    return loop.now - this.#idleSince > SETTLED_AFTER_MS
  }

  countEnded(): number {
    return [...this.#simulation.model.executions.byId.values()].filter(({ isEnded }) => isEnded).length
  }

  /** Called when no execution has ended for a long time: open executions hang. */
  checkFinished(): void {
    const { model, callers, processes, report, loop } = this.#simulation
    for (const { id, status, ownerSeq, workflow, createdAt, origin } of model.executions.open) {
      // Crons go on making them, and may be ahead of a single slot.
      if (origin === 'cron') continue
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
    callers.checkRest()
    if (leftovers !== undefined) this.#checkLeftovers(leftovers)
    this.#checkPolls()
    this.#checkTicks()
    for (const process of this.#serving()) this.#checkGauges(process)
    this.#checkAlerts()
  }

  /** All engines stopped in order. */
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

  /** Every trigger that is enabled and declared is polled. */
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
    for (const [name, { certain, possible }] of polls) {
      const trigger = model.triggers.byName.get(name)
      if (trigger === undefined) continue
      const ticks = trigger.ticks + trigger.openSkips
      // Polls of the last second may be buffered, and the retention removes open runs of skips.
      if (program.retentionMs === null && ticks + BUFFERED_POLLS < certain)
        report('polls-leave-ticks', `${name} has ${ticks} ticks for ${certain} polls`)
      if (ticks > possible + this.#firedByHand(name))
        report('polls-leave-ticks', `${name} has ${ticks} ticks for ${possible} polls`)
    }
  }

  /** Firings by hand leave ticks without polls. */
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

  /** Each failed execution that an engine announced is one alert, unless the engine ended before it was delivered. */
  #checkAlerts(): void {
    const { alerts, report } = this.#simulation
    const subjects = new Map<string, number>()
    for (const { alert } of alerts) {
      if (alert.kind !== 'execution-failed') continue
      const count = (subjects.get(alert.subject ?? '') ?? 0) + 1
      subjects.set(alert.subject ?? '', count)
      if (count > 1) report('alerts-arrive-once', `the failure of ${alert.subject} was sent ${count} times`)
    }
  }

  #enableTriggers(): void {
    const { program, loop } = this.#simulation
    for (const { name } of program.triggers) {
      loop.step(loop.now + 3_000, () => this.#send({ kind: 'reset', trigger: name }))
      loop.step(loop.now + 3_500, () => this.#send({ kind: 'enable', trigger: name }))
    }
  }

  /** Executions whose last request was a pause wait for a person: here it is resumed. */
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
      if (loop.now < this.#begunAt + 100_000) this.#resumePaused()
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
      | { readonly kind: 'reset' | 'enable'; readonly trigger: string },
  ): void {
    const process = this.#serving()[0]
    this.#nextN += 1
    if (process !== undefined)
      this.#simulation.callers.send({ n: this.#nextN, process: process.spec.name, ...request }, process)
  }
}

const BUFFERED_POLLS = 12
