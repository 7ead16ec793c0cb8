/**
 * Callers of engines. They send the requests of a program, and compare each result with the database at that moment. A
 * result must stay true until another request changes it.
 */

import type { Engine } from '../../src/engine/engine.ts'
import { UsageError } from '../../src/errors.ts'
import { cancelBackfill, startBackfill } from './backfill-requests.ts'
import type { Coverage } from './coverage.ts'
import { checkKeyed, checkKeyedRefusal, performKeyed } from './keyed-requests.ts'
import { checkLimitChange, checkLimited, isOfLimit, performOnLimit } from './limit-requests.ts'
import type { SimulationLoop } from './loop.ts'
import type { ApprovalModel } from './model/approvals.ts'
import type { BatchModel } from './model/batches.ts'
import type { ExecutionModel } from './model/executions.ts'
import type { GraphModel } from './model/graphs.ts'
import type { LimitModel } from './model/limits.ts'
import type { SignalModel } from './model/signals.ts'
import type { TriggerModel } from './model/triggers.ts'
import type { Report } from './model/violation.ts'
import type { WorkflowLimitModel } from './model/workflow-limits.ts'
import type { Program, Request } from './program.ts'
import { checkRetries } from './retry-requests.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { marked, priorityOf, submit } from './start-requests.ts'
import { checkEnabled, checkSet, hasOverride } from './trigger-requests.ts'
import {
  answerApproval,
  checkAnswered,
  checkReceipt,
  checkRefusedAnswer,
  checkRefusedSignal,
  noteOf,
  sendSignal,
} from './wait-requests.ts'

/** Request and its result. */
export interface Sent {
  readonly request: Request
  readonly target: string | null
  readonly calledAt: number
  answeredAt: number | null
  /** State of the request. After `refused` nothing was done. After `unknown` the process ended before the result. */
  outcome: 'waiting' | 'done' | 'asked' | 'refused' | 'unknown'
  result: unknown
}

export interface RequestPorts {
  readonly program: Program
  readonly loop: SimulationLoop
  readonly executions: ExecutionModel
  readonly triggers: TriggerModel
  readonly batches: BatchModel
  readonly graphs: GraphModel
  readonly signals: SignalModel
  readonly approvals: ApprovalModel
  readonly limits: LimitModel
  readonly workflowLimits: WorkflowLimitModel
  readonly coverage: Coverage
  readonly report: Report
}

/** Maximum time that a caller waits for the result of another engine. */
const ANSWER_WITHIN_MS = 2_000
const EXECUTE_WITHIN_MS = 90_000

export class Callers {
  readonly #ports: RequestPorts
  readonly sent: Sent[] = []

  constructor(ports: RequestPorts) {
    this.#ports = ports
  }

  /** Sends a request if its process is running. */
  send(request: Request, process: SimulatedProcess): void {
    const engine = process.first?.engine
    if (engine === undefined || process.state !== 'running') return
    const sent = this.#begin(request)
    if (sent === null) return
    const { coverage } = this.#ports
    const isGone = (): boolean => process.state === 'ended'
    coverage.begun(process.spec.name, request.kind)
    this.#perform(engine, sent, process.clock.now()).then(
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
        this.#checkRefused(sent, thrown, process.clock.now())
      },
    )
  }

  /** Ends the requests of a killed process with an unknown outcome. */
  forget(process: string): void {
    for (const sent of this.sent)
      if (sent.outcome === 'waiting' && sent.request.process === process) sent.outcome = 'unknown'
  }

  /** Returns the acknowledged pause or cancel that forbids the start of tasks of an execution, or null. */
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

  /** Returns the id of the execution that a request started, or null. */
  executionOf(n: number): string | null {
    return this.#ports.executions.byMarker.get(`request ${n}`)?.[0] ?? null
  }

  #begin(request: Request): Sent | null {
    const target = 'target' in request ? this.#targetOf(request.target) : null
    if ('target' in request && target === null) return null
    if (request.kind === 'answer' && this.#approvalOf(target) === null) return null
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

  #targetOf(target: number | string): string | null {
    return typeof target === 'string' ? target : this.executionOf(target)
  }

  #approvalOf(target: string | null): string | null {
    const approvals = this.#ports.approvals.of(target ?? '')
    return (approvals.find(({ state }) => state === 'open') ?? approvals.at(-1))?.id ?? null
  }

  #end(sent: Sent, outcome: Sent['outcome'], result: unknown): void {
    sent.outcome = outcome
    sent.result = result
    sent.answeredAt = this.#ports.loop.now
  }

  #perform(engine: Engine, { request, target }: Sent, at: number): Promise<unknown> {
    const actor = {
      source: 'node' as const,
      note: `${noteOf(request.n)}${'force' in request && request.force ? ' force' : ''}`,
    }
    const options = { ...actor, answerWithinMs: ANSWER_WITHIN_MS }
    const id = target ?? ''
    switch (request.kind) {
      case 'submit':
        return submit(engine, request, this.#ports.program)
      case 'execute':
        return engine
          .enter()
          .then(() =>
            engine.execute(request.workflow, marked(request), { timeoutMs: EXECUTE_WITHIN_MS, ...priorityOf(request) }),
          )
      case 'submitOnce':
      case 'executeOnce':
        return performKeyed(engine, request, this.#ports.program)
      case 'cancel':
        return engine.services.executions.cancel(id, { ...options, wait: request.waits })
      case 'pause':
        return engine.services.executions.pause(id, options)
      case 'resume':
        return engine.services.executions.resume(id, options)
      case 'retry':
        return engine.services.executions.retry(id, {
          ...actor,
          ...(request.from !== 'failed' && request.from !== 'all' && { from: taskOf(request.from) }),
          all: request.from === 'all',
        })
      case 'signal':
        return sendSignal(engine, request, actor)
      case 'answer':
        return answerApproval(engine, request, this.#approvalOf(target) ?? '', actor)
      case 'fire':
        return engine.services.triggers.fireText(request.trigger, JSON.stringify({ context: 1 }), {
          ...actor,
          force: request.force,
        })
      case 'poll':
        return engine.services.triggers.poll(request.trigger, options)
      case 'enable':
      case 'disable':
        return engine.services.triggers.setEnabled(request.trigger, request.kind === 'enable', actor)
      case 'set':
        return engine.services.triggers.set(request.trigger, { pollIntervalMs: 1_000 + request.n }, actor)
      case 'reset':
        return engine.services.triggers.set(request.trigger, null, actor)
      case 'push':
        return engine.services.sources.pushText(request.source, JSON.stringify({ push: request.n }), {
          timeoutMs: 5_000,
        })
      case 'fireReactor':
        return engine.services.reactors.fireText(request.reactor, null, actor)
      case 'subscribe':
      case 'unsubscribe':
        return this.#subscribe(engine, request.subscription, request.kind === 'subscribe', actor)
      case 'backfill':
        return startBackfill(engine, request, { ...actor, to: at })
      case 'cancelBackfill':
        return cancelBackfill(engine, this.sent, request, actor)
      case 'prune':
        return engine.services.executions.prune({ olderThanMs: 10_000, ...actor })
      default:
        return performOnLimit(engine, request, actor)
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
    const { reactors } = engine.services
    return isNew
      ? reactors.subscribe(reactor, workflow, { ...actor, when: predicate, allowMissing: true })
      : reactors.unsubscribe(reactor, workflow, actor)
  }

  #checkDone(sent: Sent): void {
    const { request, result } = sent
    if (sent.outcome !== 'done') return
    if (request.kind === 'submit' || request.kind === 'execute') this.#checkAccepted(sent)
    else if ('key' in request) checkKeyed(request, result, this.#ports)
    else if (request.kind === 'signal') checkReceipt(sent, request, { ...this.#ports, sent: this.sent })
    else if (request.kind === 'answer') checkAnswered(sent, request, { ...this.#ports, sent: this.sent })
    else if (request.kind === 'cancel') this.#checkExecution(sent, ({ status }) => status === 'Cancelled', 'cancelled')
    else if (request.kind === 'pause') this.#checkPaused(sent, true)
    else if (request.kind === 'resume') this.#checkPaused(sent, false)
    else if (request.kind === 'retry')
      this.#checkRow(sent, this.#ports.executions.byId.has(String(result)), 'the new execution')
    else if (request.kind === 'fire') this.#checkFired(sent)
    else if (request.kind === 'enable' || request.kind === 'disable')
      checkEnabled(sent, request.kind === 'enable', { ...this.#ports, sent: this.sent })
    else if (request.kind === 'set') checkSet(sent, request.trigger, { ...this.#ports, sent: this.sent })
    else if (isOfLimit(request)) checkLimitChange(sent, request, { ...this.#ports, sent: this.sent })
    else if (request.kind === 'push') this.#checkRow(sent, this.#ports.graphs.byMarker.has(request.n), 'the event')
    else if (request.kind === 'cancelBackfill') {
      const { id } = sent.result as { readonly id: string }
      this.#checkRow(sent, this.#ports.batches.isCancelled(id), 'the cancelled backfill')
    }
  }

  /** Checks that a refused request has changed nothing. */
  #checkRefused(sent: Sent, thrown: unknown, at: number): void {
    const { request } = sent
    const { executions, graphs } = this.#ports
    const why = String(thrown)
    // The run may exist if the caller's time limit passed, or if the engine stopped while the caller waited. It may be
    // removed before the caller reads its end.
    const codes = ['EXECUTION_TIMEOUT', 'RUNNER_CLOSED', 'EXECUTION_NOT_FOUND']
    const isAccepted = thrown instanceof UsageError && codes.includes(thrown.code)
    const left: string[] = []
    if (
      (request.kind === 'submit' || (request.kind === 'execute' && !isAccepted)) &&
      executions.byMarker.has(`request ${request.n}`)
    ) {
      left.push('an execution')
    }
    if (request.kind === 'push' && graphs.byMarker.has(request.n)) left.push('an event')
    if (request.kind === 'set' && hasOverride(this.#ports.triggers, request.trigger, request.n))
      left.push('an override')
    for (const row of left)
      this.#ports.report('refused-leaves-nothing', `${shown(sent)} was refused (${why}) and left ${row}`)
    if ('key' in request) checkKeyedRefusal(request, thrown, executions, this.#ports.report)
    const ports = { ...this.#ports, sent: this.sent }
    if (request.kind === 'signal') checkRefusedSignal(request, thrown, ports)
    if (request.kind === 'answer') checkRefusedAnswer(request, thrown, ports, at)
    checkLimited(sent, thrown, ports)
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
    // Another request since the call may have changed the setting again.
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

  #checkRow(sent: Sent, isThere: boolean, row: string): void {
    if (!isThere) this.#ports.report('answers-are-true', `${shown(sent)} was answered, and ${row} is not stored`)
  }

  /** Checks at rest that no refused request had an effect, and that every successful request had its effect. */
  checkRest(): void {
    checkRetries(this.sent, this.#ports.executions, this.#ports.report)
    for (const { request, outcome } of this.sent) {
      const ids = this.#ports.executions.byMarker.get(`request ${request.n}`) ?? []
      if (ids.length > 1) this.#ports.report('accepted-once', `request ${request.n} started ${ids.length} executions`)
      if (request.kind === 'submit' && outcome === 'refused' && ids.length > 0) {
        this.#ports.report('refused-leaves-nothing', `the refused request ${request.n} started ${ids[0]}`)
      }
    }
  }
}

function taskOf(from: string): string {
  return from === 'first' ? 't0' : from
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
