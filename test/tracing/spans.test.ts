/** Spans of executions and tasks that the user's OpenTelemetry SDK receives. */

import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSpans } from '../../src/tracing/open-spans.ts'
import { retrying, trigger, workflow } from '../support/declared.ts'
import { completed, FIRE, failed, fault, SKIP } from '../support/fake-host.ts'
import { type EngineParts, RunningEngine } from '../support/running-engine.ts'
import { ROOT } from '../support/source-tree.ts'

const exporter = new InMemorySpanExporter()
const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
const named = (name: string): readonly ReadableSpan[] => spans().filter((span) => span.name === name)
const only = (name: string): ReadableSpan => named(name)[0] ?? expect.fail(`there is no span ${name}`)
const msOf = ([seconds, nanoseconds]: readonly [number, number]) => seconds * 1_000 + nanoseconds / 1e6

describe('tracing with an OpenTelemetry SDK', () => {
  beforeEach(() => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
    return () => {
      trace.disable()
      exporter.reset()
    }
  })
  let running: RunningEngine
  afterEach(() => running[Symbol.asyncDispose]())
  const start = async (parts: EngineParts) => {
    running = await RunningEngine.start({ ...parts, isIdle: true })
    const found = await openSpans(running.clock, (message) => expect.fail(message))
    found?.watch(running.events)
    await running.engine.start()
  }

  it('creates a span per execution and a child span per attempt, with their times', async () => {
    let attempts = 0
    await start({
      workflows: [workflow('etl', { read: { retry: retrying(2) }, write: { after: ['read'] } })],
      python: (host) =>
        host
          .task('read', () => host.after(10, ++attempts === 1 ? failed('not yet') : completed('{}')))
          .task('write', () => host.after(5, completed('{}'))),
    })

    const begunAt = running.clock.now()
    const ended = running.engine.execute('etl', '{}')
    await running.clock.advance(100)
    const { id } = await ended

    const execution = only('etl')
    const [first, second] = named('read')
    expect(spans()).toHaveLength(4)
    expect(execution).toMatchObject({
      kind: SpanKind.CONSUMER,
      parentSpanContext: undefined,
      links: [],
      attributes: { 'cloaca.workflow': 'etl', 'cloaca.execution.id': id, 'cloaca.status': 'Completed' },
      status: { code: SpanStatusCode.UNSET },
    })
    for (const span of [first, second, only('write')]) {
      expect(span?.parentSpanContext?.spanId).toBe(execution.spanContext().spanId)
      expect(span?.spanContext().traceId).toBe(execution.spanContext().traceId)
    }
    expect(first).toMatchObject({
      attributes: { 'cloaca.task': 'read', 'cloaca.attempt': 1 },
      status: { code: SpanStatusCode.ERROR, message: 'not yet' },
      events: [{ name: 'exception', attributes: { 'exception.type': 'ValueError', 'exception.message': 'not yet' } }],
    })
    expect(second).toMatchObject({ attributes: { 'cloaca.attempt': 2 }, status: { code: SpanStatusCode.UNSET } })
    expect(msOf(execution.startTime) - begunAt).toBe(0)
    expect([first, second, only('write'), execution].map((span) => span && msOf(span.duration))).toEqual([
      10, 10, 5, 25,
    ])
  })

  it('gives each wait a span of its own, and ends the span of an execution while only waits are open', async () => {
    const wait = { kind: 'signal', signal: 'decision', key: '', timeoutMs: null, onTimeout: 'fail' } as const
    await start({ workflows: [workflow('etl', { decided: { wait }, write: { after: ['decided'] } })] })
    const openedAt = running.clock.now()
    await running.engine.submit('etl', '{}')
    await running.clock.advance(1_000)

    expect(only('etl').attributes).toMatchObject({ 'cloaca.waiting': true, 'cloaca.resumed': false })
    expect(spans()).toHaveLength(1)
    await running.engine.services.signals.send('decision')
    await running.clock.advance(100)

    const [, resumed] = named('etl')
    const span = only('decided')
    expect(resumed?.attributes).toMatchObject({ 'cloaca.resumed': true, 'cloaca.status': 'Completed' })
    expect(span.parentSpanContext?.spanId).toBe(resumed?.spanContext().spanId)
    expect([msOf(span.startTime), msOf(span.duration)]).toEqual([openedAt, 1_000])
    expect(span.attributes).toMatchObject({ 'cloaca.wait': 'signal', 'cloaca.task': 'decided' })
    expect(named('write')).toHaveLength(1)
  })

  it('links an execution to the firing that started it', async () => {
    let polls = 0
    await start({
      triggers: [trigger('inbox', { workflow: 'etl' })],
      workflows: [workflow('etl', { read: {} })],
      python: (host) => host.trigger('inbox', () => (++polls === 1 ? FIRE : SKIP)),
    })

    await running.clock.advance(100)

    const firing = only('inbox fired')
    expect(only('etl').links).toMatchObject([{ context: { spanId: firing.spanContext().spanId } }])
    expect(only('etl').attributes).toMatchObject({
      'cloaca.trigger': 'inbox',
      'cloaca.firing.id': firing.attributes['cloaca.firing.id'],
    })
    expect(firing.kind).toBe(SpanKind.PRODUCER)
  })

  it('adds the error to the span of a failed execution, and creates no span for a skipped task', async () => {
    const rule = { type: 'TaskSuccess', task: 'read' } as never
    await start({
      workflows: [workflow('etl', { read: {}, write: { after: ['read'], rule } })],
      python: (host) => host.task('read', () => ({ kind: 'failed', error: fault('no rows') })),
    })

    const { errorMessage } = await running.engine.execute('etl', '{}')

    expect(only('etl').status).toEqual({ code: SpanStatusCode.ERROR, message: errorMessage })
    expect(only('read').status.message).toBe('no rows')
    expect(named('write')).toEqual([])
  })

  it('links the span of a child to the attempt that started it, and ends the span of a parked attempt', async () => {
    await start({
      workflows: [workflow('order', { pay: {} }), workflow('billing', { bill: {} })],
      config: { parkMs: 50 },
      python: (host) =>
        host
          .task('bill', () => host.after(100, completed('{}')))
          .task('pay', async ({ memory }) => {
            const limit = { suspend: () => () => undefined }
            const end = await memory.runChild({ workflow: 'billing', inputText: '{}', key: 'bill' }, limit)
            return end.kind === 'parked' ? end : completed('{}')
          }),
    })

    const ended = running.engine.execute('order', '{}')
    await running.clock.advance(200)
    const { id } = await ended

    const [parked, second] = named('pay')
    const child = only('billing')
    expect(second?.ended).toBe(true)
    expect(child.links.map(({ context }) => context.spanId)).toEqual([parked?.spanContext().spanId])
    expect(child.attributes).toMatchObject({ 'cloaca.parent.id': id, 'cloaca.parent.task': 'pay' })
    expect(parked?.attributes['cloaca.child.id']).toBe(child.attributes['cloaca.execution.id'])
  })

  it('ends the open spans when the engine stops', async () => {
    await start({
      workflows: [workflow('etl', { read: {} })],
      python: (host) => host.task('read', () => new Promise(() => {})),
    })
    running.engine.execute('etl', '{}').catch(() => {})
    await running.clock.advance(10)

    const before = spans().length
    await running.engine.stop({ graceMs: 0 })

    expect(before).toBe(0)
    expect(only('etl').attributes).toMatchObject({ 'cloaca.interrupted': true })
    expect(only('read').ended).toBe(true)
  })
})

describe('tracing without an OpenTelemetry SDK', () => {
  const PROGRAM = `
    import { registerHooks } from 'node:module'
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.startsWith('@opentelemetry')) console.log('asked for', specifier)
      return next(specifier, context)
    } })
    if (process.argv.includes('registered')) globalThis[Symbol.for('opentelemetry.js.api.1')] = { trace: {} }
    const { Runner } = await import(${JSON.stringify(pathToFileURL(`${ROOT}/src/index.ts`))})
    const runner = await Runner.open({ database: ':memory:', log: ({ message }) => console.log(message) })
    await runner.close()`
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, ...words], { encoding: 'utf8' })

  it('does not load the OpenTelemetry API, which is optional', () => {
    expect(run().stdout).not.toContain('asked for')
    expect(run('registered').stdout).toContain('asked for @opentelemetry/api')
  })
})
