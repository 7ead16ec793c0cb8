/**
 * Reports executions and attempts as OpenTelemetry spans. The span of an execution is linked to that of the firing or
 * attempt that started it, and contains spans of its attempts. Open spans end when the engine stops.
 */

import type { Attributes, Context, Link, Span, Tracer } from '@opentelemetry/api'
import type { Clock } from '../engine/clock-port.ts'
import type { EngineEvents, ExecutionStartedEvent, WaitEndedEvent } from '../engine/engine-events.ts'
import type { ExecutionOrigin } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'

type Api = typeof import('@opentelemetry/api')

/** SDKs have this in addition to the API. */
interface Flushable {
  forceFlush(): Promise<void>
}

/** Maximum firings without an execution here, because another process may run it. */
const REMEMBERED_FIRINGS = 1_000

export class Spans {
  readonly #api: Api
  readonly #tracer: Tracer
  readonly #clock: Clock
  /** Links by firing id, oldest first. */
  readonly #firings = new Map<string, Link>()
  readonly #executions = new Map<string, { readonly span: Span; readonly context: Context }>()
  /** By execution and task. */
  readonly #attempts = new Map<string, Map<string, Span>>()

  constructor(api: Api, clock: Clock) {
    this.#api = api
    this.#tracer = api.trace.getTracer('cloaca')
    this.#clock = clock
  }

  watch(events: EngineEvents): void {
    events.on('triggerFired', ({ trigger, workflow, firingId, at }) =>
      this.#fired(`${trigger} fired`, firingId, { 'cloaca.trigger': trigger, 'cloaca.workflow': workflow }, at),
    )
    events.on('cronFired', ({ scheduleId, trigger, workflow, firingId, at }) => {
      const attributes = { ...scheduleAttributes(scheduleId, trigger), 'cloaca.workflow': workflow }
      this.#fired(`${workflow} is due`, firingId, attributes, at)
    })
    events.on('executionStarted', (event) => this.#executionStarted(event))
    events.on('taskStarted', ({ executionId, workflow, taskId, attempt, at }) => {
      const attributes = { 'cloaca.workflow': workflow, 'cloaca.task': taskId, 'cloaca.attempt': attempt }
      this.#attemptStarted(executionId, taskId, attributes, at)
    })
    events.on('taskRetried', ({ executionId, taskId, error }) => {
      this.#attemptEnded(executionId, taskId, error, this.#clock.now())
    })
    events.on('taskParked', ({ executionId, taskId, childId, at }) => {
      this.#attempts.get(executionId)?.get(taskId)?.setAttribute('cloaca.child.id', childId)
      this.#attemptEnded(executionId, taskId, null, at)
    })
    events.on('taskTriesLater', ({ executionId, taskId, delayMs, at }) => {
      this.#attempts.get(executionId)?.get(taskId)?.setAttribute('cloaca.tries_later_ms', delayMs)
      this.#attemptEnded(executionId, taskId, null, at)
    })
    events.on('taskFinished', ({ executionId, taskId, error, at }) => {
      this.#attemptEnded(executionId, taskId, error, at)
    })
    events.on('waitEnded', (event) => this.#waitEnded(event))
    events.on('executionWaiting', ({ executionId, at }) =>
      this.#executionEnded(executionId, { 'cloaca.waiting': true }, null, at),
    )
    events.on('executionFinished', ({ executionId, status, errorMessage, at }) => {
      this.#executionEnded(executionId, { 'cloaca.status': status }, status === 'Failed' ? errorMessage : null, at)
    })
    events.on('stopped', ({ at }) => this.#stopped(at))
  }

  /** Flushes the SDK, because the process may end soon. Never rejects. */
  async flush(withinMs: number): Promise<void> {
    const given = this.#api.trace.getTracerProvider()
    const provider = given instanceof this.#api.ProxyTracerProvider ? given.getDelegate() : given
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(withinMs, limit.resolve)
    // Ignored: the SDK reports the error
    const flushed = (provider as Partial<Flushable>).forceFlush?.().catch(() => {})
    await Promise.race([flushed, limit.promise])
    timer.cancel()
  }

  #fired(name: string, firingId: string, attributes: Attributes, at: number): void {
    const kind = this.#api.SpanKind.PRODUCER
    const root = { root: true, kind, startTime: new Date(at) }
    const span = this.#tracer.startSpan(name, { ...root, attributes: { ...attributes, 'cloaca.firing.id': firingId } })
    span.end(new Date(at))
    this.#firings.set(firingId, { context: span.spanContext() })
    const [oldest] = this.#firings.keys()
    if (this.#firings.size > REMEMBERED_FIRINGS && oldest !== undefined) this.#firings.delete(oldest)
  }

  #executionStarted({ executionId, workflow, origin, at, isResumed }: ExecutionStartedEvent): void {
    const firingId = 'firingId' in origin ? origin.firingId : null
    const link = firingId === null ? this.#parentLink(origin) : this.#firings.get(firingId)
    if (firingId !== null) this.#firings.delete(firingId)
    const span = this.#tracer.startSpan(workflow, {
      root: true,
      kind: this.#api.SpanKind.CONSUMER,
      startTime: new Date(at),
      links: link === undefined ? [] : [link],
      attributes: {
        'cloaca.workflow': workflow,
        'cloaca.execution.id': executionId,
        'cloaca.resumed': isResumed,
        ...originAttributes(origin),
      },
    })
    this.#executions.set(executionId, { span, context: this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, span) })
  }

  /** Returns the link of a child execution to the attempt that started it, if this engine runs the attempt. */
  #parentLink(origin: ExecutionOrigin): Link | undefined {
    if (origin.kind !== 'child') return undefined
    const span = this.#attempts.get(origin.parent)?.get(origin.task) ?? this.#executions.get(origin.parent)?.span
    return span === undefined ? undefined : { context: span.spanContext() }
  }

  #attemptStarted(executionId: string, taskId: string, attributes: Attributes, at: number): void {
    const execution = this.#executions.get(executionId)
    if (execution === undefined) return
    const attempts = this.#attempts.get(executionId) ?? new Map<string, Span>()
    this.#attempts.set(executionId, attempts)
    // A task that was rejected at admission starts again.
    attempts.get(taskId)?.end(new Date(at))
    attempts.set(taskId, this.#tracer.startSpan(taskId, { startTime: new Date(at), attributes }, execution.context))
  }

  #attemptEnded(executionId: string, taskId: string, error: PythonFault | null, at: number): void {
    const span = this.#attempts.get(executionId)?.get(taskId)
    this.#attempts.get(executionId)?.delete(taskId)
    if (span === undefined) return
    if (error !== null) {
      span.recordException({ name: error.type, message: error.message, stack: error.traceback }, new Date(at))
      this.#failed(span, error.message)
    }
    span.end(new Date(at))
  }

  /** The wait may have opened before the span of the execution, in another engine. */
  #waitEnded({ executionId, workflow, node, kind, openedAt, status, error, at }: WaitEndedEvent): void {
    const execution = this.#executions.get(executionId)
    if (execution === undefined) return
    const names = { 'cloaca.workflow': workflow, 'cloaca.task': node }
    const attributes = { ...names, 'cloaca.wait': kind, 'cloaca.status': status }
    const span = this.#tracer.startSpan(node, { startTime: new Date(openedAt), attributes }, execution.context)
    if (status === 'Failed' && error !== null) this.#failed(span, error.message)
    span.end(new Date(at))
  }

  #executionEnded(executionId: string, attributes: Attributes, failure: string | null, at: number): void {
    for (const span of this.#attempts.get(executionId)?.values() ?? []) span.end(new Date(at))
    this.#attempts.delete(executionId)
    const span = this.#executions.get(executionId)?.span
    this.#executions.delete(executionId)
    span?.setAttributes(attributes)
    if (span !== undefined && failure !== null) this.#failed(span, failure)
    span?.end(new Date(at))
  }

  #failed(span: Span, message: string): void {
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR, message })
  }

  /** Unfinished executions continue after the next start, in new spans. */
  #stopped(at: number): void {
    for (const executionId of [...this.#executions.keys()])
      this.#executionEnded(executionId, { 'cloaca.interrupted': true }, null, at)
  }
}

function originAttributes(origin: ExecutionOrigin): Attributes {
  switch (origin.kind) {
    case 'call':
      return {}
    case 'trigger':
      return { 'cloaca.trigger': origin.trigger, 'cloaca.firing.id': origin.firingId }
    case 'cron':
      return { ...scheduleAttributes(origin.scheduleId, origin.trigger), 'cloaca.firing.id': origin.firingId }
    case 'reactor':
      return { 'cloaca.reactor': origin.reactor, 'cloaca.firing.id': origin.firingId }
    case 'backfill':
      return { ...scheduleAttributes(origin.schedule, origin.trigger), 'cloaca.backfill.id': origin.backfillId }
    case 'child':
      return { 'cloaca.parent.id': origin.parent, 'cloaca.parent.task': origin.task }
    case 'refire':
      return {
        'cloaca.trigger': origin.trigger,
        'cloaca.firing.id': origin.firingId,
        'cloaca.refire.id': origin.refireId,
      }
  }
}

function scheduleAttributes(scheduleId: string, trigger: string | null): Attributes {
  return { 'cloaca.schedule.id': scheduleId, ...(trigger !== null && { 'cloaca.trigger': trigger }) }
}
