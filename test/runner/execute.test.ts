/** Execution of workflows from Node: results, errors with codes, events. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = fileURLToPath(new URL('./scripts/counting.py', import.meta.url))
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000'

describe('a runner in a Node program', () => {
  let observed: ObservedRunner
  beforeAll(async () => {
    observed = await ObservedRunner.open()
    await observed.runner.load(SCRIPT)
    await observed.runner.start()
  })
  afterAll(() => observed?.[Symbol.asyncDispose]())

  it('returns a completed run with its context as a JavaScript object and as exact text', async () => {
    const result = await observed.runner.execute('count', { order: 7, list: [1, 'ü', null] })

    expect(result).toMatchObject({
      workflow: 'count',
      status: 'Completed',
      origin: { kind: 'call' },
      errorMessage: null,
    })
    expect(result.context).toMatchObject({ order: 7, list: [1, 'ü', null], exact: 1 })
    expect(result.contextText).toContain('"exact":1.0')
    expect(await observed.runner.executions.get(result.id)).toMatchObject({
      id: result.id,
      tasks: [{ id: 'count', status: 'Completed', attempts: 1, error: null }],
    })
  })

  it('returns a failed run with the error and traceback of the failed task and the status of each task', async () => {
    const { id } = await observed.runner.execute('mixed')
    const result = await observed.runner.executions.get(id)

    expect(result.status).toBe('Failed')
    expect(result.errorMessage).toMatch(/^1 task\(s\) failed, 1 completed, 1 skipped/)
    expect(result.cause).toBe('broken: ValueError: broken on purpose (1 of 3 tasks failed)')
    expect(result.context).toEqual({ 'went on': true })
    expect(result.tasks.map(({ id, status, attempts }) => [id, status, attempts]).sort()).toEqual([
      ['broken', 'Failed', 2],
      ['goes_on', 'Completed', 1],
      ['left_out', 'Skipped', 0],
    ])
    const broken = result.tasks.find((task) => task.id === 'broken')
    expect(broken?.error).toBe('Python task execution failed: ValueError: broken on purpose')
    expect(broken?.traceback).toMatch(/counting\.py", line \d+, in broken\n/)
  })

  it('emits an event for each start, retry and end of a run and its tasks', async () => {
    const { id } = await observed.runner.execute('mixed')

    const told = (['executionStarted', 'taskStarted', 'taskRetried', 'taskFinished', 'executionFinished'] as const)
      .flatMap((name) => observed.events(name, (event) => event.executionId === id).map((event) => ({ name, event })))
      .map(({ name, event }) => `${name}${'taskId' in event ? ` ${event.taskId}` : ''}`)
    expect(told.sort()).toEqual(
      [
        'executionStarted',
        'taskStarted broken',
        'taskRetried broken',
        'taskStarted broken',
        'taskFinished broken',
        'taskFinished left_out',
        'taskStarted goes_on',
        'taskFinished goes_on',
        'executionFinished',
      ].sort(),
    )
  })

  it('keeps the exact text of a context, and rejects text that is not a JSON object', async () => {
    const result = await observed.runner.executeText('count', '{"large": 9007199254740993, "float": 2.0}')

    expect(result.contextText).toMatch(/"large": ?9007199254740993/)
    expect(result.contextText).toMatch(/"float": ?2\.0/)
    for (const text of ['[1]', '{', '"text"', '']) {
      await expect(observed.runner.executeText('count', text)).rejects.toMatchObject({ code: 'INVALID_CONTEXT' })
    }
  })

  it('accepts a context with a text of 5,000 characters', async () => {
    const text = 'ü'.repeat(5_000)

    expect((await observed.runner.execute('count', { text })).context.text).toBe(text)
  })

  it('rejects a context with the path of a value that is not JSON', async () => {
    const context = { order: { placed: [new Date()] } } as never

    await expect(observed.runner.execute('count', context)).rejects.toMatchObject({
      code: 'INVALID_CONTEXT',
      facts: { path: 'context.order.placed[0]' },
    })
  })

  it('stops waiting after timeoutMs while the run continues', async () => {
    const waiting = observed.runner.execute('sleepy', { seconds: 0.3 }, { timeoutMs: 1 })
    const error = await waiting.catch((thrown: unknown) => thrown as UsageError)

    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({ code: 'EXECUTION_TIMEOUT', facts: { workflow: 'sleepy' } })
    const id = String((error as UsageError).facts.executionId)
    expect(await observed.runner.executions.wait(id)).toMatchObject({ status: 'Completed', context: { slept: true } })
  })

  it('throws errors with a code, and suggests a similar name for an unknown one', async () => {
    const { runner } = observed
    const cases: readonly (readonly [() => Promise<unknown>, string, RegExp])[] = [
      [() => runner.execute('cuont'), 'WORKFLOW_NOT_FOUND', /Did you mean "count"\?/],
      [() => runner.workflows.submit('slepy'), 'WORKFLOW_NOT_FOUND', /Did you mean "sleepy"\?/],
      [() => runner.triggers.get('hourli'), 'TRIGGER_NOT_FOUND', /Did you mean "hourly"\?/],
      [() => runner.triggers.setEnabled('nope', true), 'TRIGGER_NOT_FOUND', /"nope"/],
      [() => runner.triggers.history('nope'), 'TRIGGER_NOT_FOUND', /"nope"/],
      [() => runner.triggers.ticks('nope'), 'TRIGGER_NOT_FOUND', /"nope"/],
      [() => runner.poll('hourlyy'), 'TRIGGER_NOT_FOUND', /Did you mean "hourly"\?/],
      [() => runner.poll('nightly'), 'INVALID_ARGUMENT', /cron/],
      [() => runner.executions.get(UNKNOWN_ID), 'EXECUTION_NOT_FOUND', /0000/],
      [() => runner.executions.wait(UNKNOWN_ID), 'EXECUTION_NOT_FOUND', /0000/],
      [() => runner.executions.list({ limit: -1 }), 'INVALID_ARGUMENT', /"limit"/],
      [() => runner.triggers.list({ offset: 0.5 }), 'INVALID_ARGUMENT', /"offset"/],
      [() => runner.schedules.get(UNKNOWN_ID), 'SCHEDULE_NOT_FOUND', /0000/],
      [() => runner.schedules.register('count', 'every day'), 'INVALID_CRON', /every day/],
      [() => runner.schedules.register('count', '0 3 * * *', 'Mars/Olympus'), 'INVALID_TIMEZONE', /Mars\/Olympus/],
      [() => runner.load('missing.py'), 'INVALID_ARGUMENT', /"missing\.py"/],
    ]

    for (const [call, code, message] of cases) {
      await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    }
  })

  it('lists its workflows, triggers and executions', async () => {
    const { runner } = observed

    expect((await runner.workflows.list()).map(({ key, tenant, tags }) => [key, tenant, tags])).toEqual([
      ['count', 'acme', { team: 'tests' }],
      ['mixed', 'public', {}],
      ['sleepy', 'public', {}],
    ])
    expect((await runner.triggers.list()).map(({ name, isLoaded }) => [name, isLoaded])).toEqual([['hourly', true]])
    expect(await runner.executions.list({ workflow: 'mixed', status: 'Completed' })).toEqual([])
    expect((await runner.executions.list({ workflow: 'mixed', limit: 1 })).map(({ status }) => status)).toEqual([
      'Failed',
    ])
  })

  it('polls a trigger on demand without recording anything', async () => {
    const before = await observed.runner.triggers.ticks('hourly')

    expect(await observed.runner.poll('hourly')).toEqual({ kind: 'skipped', reason: null })
    expect(await observed.runner.triggers.ticks('hourly')).toEqual(before)
  })

  it('continues when a listener throws, and no longer calls a listener that was removed', async () => {
    const heard: string[] = []
    const offBad = observed.runner.on('executionStarted', () => {
      throw new Error('a bad listener')
    })
    const off = observed.runner.on('executionFinished', ({ workflow }) => void heard.push(workflow))

    await observed.runner.execute('count')
    off()
    offBad()
    await observed.runner.execute('count')

    expect(heard).toEqual(['count'])
    expect(observed.log.some(({ message }) => message.includes('a bad listener'))).toBe(true)
  })
})
