/**
 * What the engine reports, as spans of OpenTelemetry: one for each execution, with one for each attempt of its tasks below it. That of
 * an execution which a trigger or a schedule started has a link to the span of the firing. What has no end when the engine stops ends then.
 */

import type { Attributes, Context, Link, Span, Tracer } from '@opentelemetry/api'
import type { EngineEvents, ExecutionStartedEvent } from '../engine/events.ts'
import type { Clock } from '../engine/ports.ts'
import type { ExecutionOrigin } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'

type Api = typeof import('@opentelemetry/api')

/** What SDKs have beside the API. */
interface Flushable {
  forceFlush(): Promise<void>
}

/** Of firings whose executions have not begun here: they may be run by another process. */
const REMEMBERED_FIRINGS = 1_000

export class Spans {
  readonly #api: Api
  readonly #tracer: Tracer
  readonly #clock: Clock
  /** Where an execution is linked to, by the id of its firing; the oldest first. */
  readonly #firings = new Map<string, Link>()
  readonly #executions = new Map<string, { readonly span: Span; readonly context: Context }>()
  /** Attempts, by execution and task. */
  readonly #attempts = new Map<string, Map<string, Span>>()

  constructor(api: Api, clock: Clock) {
    this.#api = api
    this.#tracer = api.trace.getTracer('cloaca')
    this.#clock = clock
  }

  /** Listens to an engine, for as long as it lives. */
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
    events.on('taskFinished', ({ executionId, taskId, error, at }) => {
      this.#attemptEnded(executionId, taskId, error, at)
    })
    events.on('executionFinished', ({ executionId, status, errorMessage, at }) => {
      this.#executionEnded(executionId, { 'cloaca.status': status }, status === 'Failed' ? errorMessage : null, at)
    })
    events.on('stopped', ({ at }) => this.#stopped(at))
  }

  /** Has the SDK send what it has gathered: the process may be about to end. Never rejects. */
  async flush(withinMs: number): Promise<void> {
    const given = this.#api.trace.getTracerProvider()
    const provider = given instanceof this.#api.ProxyTracerProvider ? given.getDelegate() : given
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(withinMs, limit.resolve)
    const flushed = (provider as Partial<Flushable>).forceFlush?.().catch(() => {}) // the SDK reports it
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
    const firingId = origin.kind === 'call' ? null : origin.firingId
    const link = firingId === null ? undefined : this.#firings.get(firingId)
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

  #attemptStarted(executionId: string, taskId: string, attributes: Attributes, at: number): void {
    const execution = this.#executions.get(executionId)
    if (execution === undefined) return
    const attempts = this.#attempts.get(executionId) ?? new Map<string, Span>()
    this.#attempts.set(executionId, attempts)
    // One that was begun and not let in is begun once more.
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

  /** What is unfinished goes on after the next start, as spans of their own. */
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
  }
}

function scheduleAttributes(scheduleId: string, trigger: string | null): Attributes {
  return { 'cloaca.schedule.id': scheduleId, ...(trigger !== null && { 'cloaca.trigger': trigger }) }
}
