/**
 * Callers: they send the requests of a program to engines, and compare each answer with the database at that moment. What an
 * answer says has to stay true until another request changes it.
 */

import type { Engine } from '../../src/engine/engine.ts'
import { UsageError } from '../../src/errors.ts'
import type { Coverage } from './coverage.ts'
import type { SimulationLoop } from './loop.ts'
import type { ExecutionModel } from './model/executions.ts'
import type { GraphModel } from './model/graphs.ts'
import type { TriggerModel } from './model/triggers.ts'
import type { Report } from './model/violation.ts'
import type { Program, Request } from './program.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** A request and its answer. */
export interface Sent {
  readonly request: Request
  readonly target: string | null
  readonly calledAt: number
  answeredAt: number | null
  /** `refused`: an error that says that nothing was done. `unknown`: the process ended before the answer. */
  outcome: 'waiting' | 'done' | 'asked' | 'refused' | 'unknown'
  result: unknown
}

export interface RequestPorts {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly executions: ExecutionModel
  readonly triggers: TriggerModel
  readonly graphs: GraphModel
  readonly coverage: Coverage
  readonly report: Report
}

/** How long a caller waits for the answer of another engine. */
const ANSWER_WITHIN_MS = 2_000
const EXECUTE_WITHIN_MS = 90_000

export class Callers {
  readonly #ports: RequestPorts
  readonly sent: Sent[] = []

  constructor(ports: RequestPorts) {
    this.#ports = ports
  }

  /** Sends a request; nothing happens if its process is not there. */
  send(request: Request, process: SimulatedProcess): void {
    const engine = process.first?.engine
    if (engine === undefined || process.state !== 'running') return
    const sent = this.#begin(request)
    if (sent === null) return
    const { coverage } = this.#ports
    const isGone = (): boolean => process.state === 'ended'
    coverage.begun(process.spec.name, request.kind)
    this.#perform(engine, sent).then(
      (result) => {
        if (isGone()) return this.#end(sent, 'unknown', null)
        coverage.ended(process.spec.name, request.kind)
        this.#end(sent, isAsked(result) ? 'asked' : 'done', result)
        this.#checkDone(sent)
      },
      (thrown) => {
        if (isGone()) return this.#end(sent, 'unknown', null)
        coverage.ended(process.spec.name, request.kind)
        this.#end(sent, 'refused', thrown)
        this.#checkRefused(sent, thrown)
      },
    )
  }

  /** Ends the requests of a process that was killed: their outcome is unknown. */
  forget(process: string): void {
    for (const sent of this.sent)
      if (sent.outcome === 'waiting' && sent.request.process === process) sent.outcome = 'unknown'
  }

  /** Whether an acknowledged pause or cancel of an execution forbids that a task starts now. */
  forbids(executionId: string): 'pause' | 'cancel' | null {
    const of = this.sent.filter(({ target }) => target === executionId)
    if (of.some(({ request, outcome }) => request.kind === 'cancel' && outcome === 'done')) return 'cancel'
    const pauses = of.filter(({ request, outcome }) => request.kind === 'pause' && outcome === 'done')
    const pause = pauses.at(-1)
    if (pause === undefined) return null
    const isResumed = of.some(
      ({ request, calledAt, answeredAt }) =>
        request.kind === 'resume' &&
        (calledAt >= pause.calledAt || answeredAt === null || answeredAt >= pause.calledAt),
    )
    return isResumed ? null : 'pause'
  }

  /** Ids of executions that a request with this number started. */
  executionOf(n: number): string | null {
    return this.#ports.executions.byMarker.get(`request ${n}`)?.[0] ?? null
  }

  #begin(request: Request): Sent | null {
    const target = 'target' in request ? this.executionOf(request.target) : null
    if ('target' in request && target === null) return null
    const sent: Sent = {
      request,
      target,
      calledAt: this.#ports.loop.now,
      answeredAt: null,
      outcome: 'waiting',
      result: null,
    }
    this.sent.push(sent)
    return sent
  }

  #end(sent: Sent, outcome: Sent['outcome'], result: unknown): void {
    sent.outcome = outcome
    sent.result = result
    sent.answeredAt = this.#ports.loop.now
  }

  #perform(engine: Engine, { request, target }: Sent): Promise<unknown> {
    const actor = {
      source: 'node' as const,
      note: `n=${request.n}${'force' in request && request.force ? ' force' : ''}`,
    }
    const options = { actor, answerWithinMs: ANSWER_WITHIN_MS }
    const id = target ?? ''
    switch (request.kind) {
      case 'submit':
        return this.#submit(engine, request.workflow, request.n)
      case 'execute':
        return engine
          .enter()
          .then(() => engine.execute(request.workflow, marked(request.n), { timeoutMs: EXECUTE_WITHIN_MS }))
      case 'cancel':
        return engine.executions.cancel(id, { ...options, waits: request.waits })
      case 'pause':
        return engine.executions.pause(id, options)
      case 'resume':
        return engine.executions.resume(id, options)
      case 'retry':
        return engine.executions.retry(
          id,
          { from: request.from === 'first' ? 't0' : null, all: request.from === 'all' },
          actor,
        )
      case 'fire':
        return engine.triggerSteering.fire(request.trigger, JSON.stringify({ context: 1 }), {
          actor,
          force: request.force,
        })
      case 'poll':
        return engine.triggerSteering.poll(request.trigger, options)
      case 'enable':
      case 'disable':
        return engine.triggerSteering.setEnabled(request.trigger, request.kind === 'enable', actor)
      case 'set':
        return engine.triggerSteering.set(request.trigger, { pollIntervalMs: 1_000 + request.n }, actor)
      case 'reset':
        return engine.triggerSteering.set(request.trigger, null, actor)
      case 'push':
        return engine.graphs.push(request.source, JSON.stringify({ push: request.n }), 5_000)
      case 'fireReactor':
        return engine.graphs.fire(request.reactor, null, actor)
      case 'subscribe':
      case 'unsubscribe':
        return this.#subscribe(engine, request.subscription, request.kind === 'subscribe', actor)
      case 'prune':
        return engine.executions.prune({ endedBeforeAt: engine.executions.now() - 10_000 }, false, actor)
    }
  }

  /** A client has no code of its own: it takes the definition from the database. */
  async #submit(engine: Engine, workflow: string, n: number): Promise<unknown> {
    try {
      return await engine.submit(workflow, marked(n))
    } catch (thrown) {
      if (!(thrown instanceof UsageError) || thrown.code !== 'WORKFLOW_NOT_FOUND') throw thrown
      const tasks = this.#ports.program.workflows.find(({ key }) => key === workflow)?.tasks ?? []
      const definition = {
        key: workflow,
        version: '0123456789abcdef',
        tasks: tasks.map(({ id }) => ({ id, fullName: id })),
      }
      return await engine.submitDefinition(definition as never, marked(n))
    }
  }

  #subscribe(
    engine: Engine,
    index: number,
    isNew: boolean,
    actor: { readonly source: 'node'; readonly note: string },
  ): Promise<unknown> {
    const subscription = this.#ports.program.subscriptions[index]
    if (subscription === undefined) return Promise.resolve(null)
    const { reactor, workflow, predicate } = subscription
    const names = { reactor, workflow, tenant: 'public' }
    return isNew ? engine.graphs.subscribe(names, predicate, actor) : engine.graphs.unsubscribe(names, actor)
  }

  #checkDone(sent: Sent): void {
    const { request, result } = sent
    if (sent.outcome !== 'done') return
    if (request.kind === 'submit' || request.kind === 'execute') this.#checkAccepted(sent)
    else if (request.kind === 'cancel') this.#checkExecution(sent, ({ status }) => status === 'Cancelled', 'cancelled')
    else if (request.kind === 'pause') this.#checkPaused(sent, true)
    else if (request.kind === 'resume') this.#checkPaused(sent, false)
    else if (request.kind === 'retry')
      this.#checkRow(sent, this.#ports.executions.byId.has(String(result)), 'the new execution')
    else if (request.kind === 'fire') this.#checkFired(sent)
    else if (request.kind === 'enable' || request.kind === 'disable')
      this.#checkEnabled(sent, request.kind === 'enable')
    else if (request.kind === 'set') this.#checkSet(sent, request.trigger, true)
    else if (request.kind === 'push') this.#checkRow(sent, this.#ports.graphs.byMarker.has(request.n), 'the event')
  }

  /** A request that was refused has changed nothing. */
  #checkRefused(sent: Sent, thrown: unknown): void {
    const { request } = sent
    const { executions, graphs } = this.#ports
    const why = String(thrown)
    // The caller's patience ended, the run continues; or the engine stopped while the caller waited for the end of the run.
    const isAccepted = thrown instanceof UsageError && ['EXECUTION_TIMEOUT', 'RUNNER_CLOSED'].includes(thrown.code)
    const left: string[] = []
    if (
      (request.kind === 'submit' || (request.kind === 'execute' && !isAccepted)) &&
      executions.byMarker.has(`request ${request.n}`)
    ) {
      left.push('an execution')
    }
    if (request.kind === 'push' && graphs.byMarker.has(request.n)) left.push('an event')
    if (request.kind === 'set' && this.#hasOverride(request.trigger, request.n)) left.push('an override')
    for (const row of left)
      this.#ports.report('refused-leaves-nothing', `${shown(sent)} was refused (${why}) and left ${row}`)
    this.#checkReason(sent, thrown)
  }

  #checkReason(sent: Sent, thrown: unknown): void {
    if (!(thrown instanceof UsageError) || sent.target === null) return
    const execution = this.#ports.executions.byId.get(sent.target)
    if (thrown.code === 'EXECUTION_NOT_FOUND' && execution !== undefined && !execution.isEnded) {
      this.#ports.report('answers-are-true', `${shown(sent)} was refused: not found, and it is stored`)
    }
    const hasEnded = /has ended/.test(thrown.message)
    if (hasEnded && execution !== undefined && !execution.isEnded) {
      this.#ports.report('answers-are-true', `${shown(sent)} was refused (${thrown.message}), and it has not ended`)
    }
  }

  #checkAccepted(sent: Sent): void {
    const id = this.executionOf(sent.request.n)
    if (id === null) {
      this.#ports.report('answers-are-true', `${shown(sent)} was accepted and is not stored`)
      return
    }
    if (sent.request.kind !== 'execute') return
    const { status } = sent.result as { readonly status: string }
    const execution = this.#ports.executions.byId.get(id)
    if (execution?.status !== status || !execution.isEnded) {
      this.#ports.report(
        'answers-are-true',
        `${shown(sent)} was answered ${status}, the store has ${execution?.status}`,
      )
    }
  }

  #checkPaused(sent: Sent, isPaused: boolean): void {
    const others = this.sent.filter((each) => each.target === sent.target && each !== sent && isSteering(each))
    // Another request since the call may have changed it again.
    const isChanged = others.some(
      ({ calledAt, answeredAt }) => calledAt >= sent.calledAt || answeredAt === null || answeredAt >= sent.calledAt,
    )
    if (isChanged) return
    this.#checkExecution(
      sent,
      (execution) => execution.isEnded || execution.isPaused === isPaused,
      isPaused ? 'paused' : 'resumed',
    )
  }

  #checkExecution(
    sent: Sent,
    isTrue: (execution: { readonly status: string; readonly isEnded: boolean; readonly isPaused: boolean }) => boolean,
    answer: string,
  ): void {
    const execution = this.#ports.executions.byId.get(sent.target ?? '')
    if (execution === undefined || isTrue(execution)) return
    this.#ports.report('answers-are-true', `${shown(sent)} was answered ${answer}, the store has ${execution.status}`)
  }

  #checkFired(sent: Sent): void {
    const { outcome, executionId } = sent.result as { readonly outcome: string; readonly executionId: string | null }
    if (outcome !== 'fired') return
    this.#checkRow(sent, executionId !== null && this.#ports.executions.byId.has(executionId), 'its execution')
  }

  #checkEnabled(sent: Sent, isEnabled: boolean): void {
    if (sent.result !== true || !('trigger' in sent.request)) return
    const name = sent.request.trigger
    const others = this.sent.filter(
      (each) => each !== sent && 'trigger' in each.request && each.request.trigger === name,
    )
    const isChanged = others.some(({ request, calledAt, answeredAt }) => {
      const changes = request.kind === 'enable' || request.kind === 'disable'
      return changes && (calledAt >= sent.calledAt || answeredAt === null || answeredAt >= sent.calledAt)
    })
    const trigger = this.#ports.triggers.byName.get(name)
    const isPaused = trigger?.note?.startsWith('disabled after') ?? false
    if (isChanged || trigger === undefined || trigger.isEnabled === isEnabled || isPaused) return
    this.#ports.report(
      'answers-are-true',
      `${shown(sent)} was answered, the store has ${trigger.isEnabled ? 'enabled' : 'disabled'}`,
    )
  }

  #checkSet(sent: Sent, trigger: string, isSet: boolean): void {
    if (sent.result !== true) return
    const others = this.sent.filter(
      (each) => each !== sent && 'trigger' in each.request && each.request.trigger === trigger,
    )
    const isChanged = others.some(({ request, calledAt, answeredAt }) => {
      const changes = request.kind === 'set' || request.kind === 'reset'
      return changes && (calledAt >= sent.calledAt || answeredAt === null || answeredAt >= sent.calledAt)
    })
    if (isChanged || this.#hasOverride(trigger, sent.request.n) === isSet) return
    this.#ports.report('answers-are-true', `${shown(sent)} was answered, and the store does not have it`)
  }

  #hasOverride(trigger: string, n: number): boolean {
    return this.#ports.triggers.byName.get(trigger)?.overrides?.includes(`"pollIntervalMs":${1_000 + n}`) ?? false
  }

  #checkRow(sent: Sent, isThere: boolean, row: string): void {
    if (!isThere) this.#ports.report('answers-are-true', `${shown(sent)} was answered, and ${row} is not stored`)
  }

  /** Checks at rest that refused requests were not carried out later, and that answered requests were. */
  checkRest(): void {
    this.#checkRetries()
    for (const { request, outcome } of this.sent) {
      const ids = this.#ports.executions.byMarker.get(`request ${request.n}`) ?? []
      if (ids.length > 1) this.#ports.report('accepted-once', `request ${request.n} started ${ids.length} executions`)
      if (request.kind === 'submit' && outcome === 'refused' && ids.length > 0) {
        this.#ports.report('refused-leaves-nothing', `the refused request ${request.n} started ${ids[0]}`)
      }
    }
  }

  #checkRetries(): void {
    const started = new Map<string, number>()
    for (const { retryOf } of this.#ports.executions.byId.values()) {
      if (retryOf !== null) started.set(retryOf, (started.get(retryOf) ?? 0) + 1)
    }
    for (const [target, count] of started) {
      const retries = this.sent.filter(({ request, target: of }) => request.kind === 'retry' && of === target)
      const possible = retries.filter(({ outcome }) => outcome !== 'refused').length
      if (count > possible)
        this.#ports.report(
          'refused-leaves-nothing',
          `${count} executions retry ${target}, ${possible} requests were not refused`,
        )
    }
  }
}

function marked(n: number): string {
  return JSON.stringify({ request: n })
}

function isAsked(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'state' in result && result.state === 'asked'
}

function isSteering({ request }: Sent): boolean {
  return request.kind === 'pause' || request.kind === 'resume' || request.kind === 'cancel'
}

function shown({ request, target }: Sent): string {
  return `request ${request.n} (${request.kind}${target === null ? '' : ` of ${target}`})`
}
