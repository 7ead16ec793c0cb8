/** Running workflows: order and inputs of tasks, limits, retries, and many executions together. */

import { describe, expect, it } from 'vitest'
import { retrying, workflow } from '../../support/declared.ts'
import { completed, failed, fault } from '../../support/fake-host.ts'
import { settle } from '../../support/manual-clock.ts'
import { RunningEngine } from '../../support/running-engine.ts'

describe('running a workflow', () => {
  it('returns the output of its task as the final context, without any delay', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('greet', { say: {} })],
      python: (host) => host.task('say', () => completed('{"greeting":"hello"}')),
    })

    const execution = await running.engine.execute('greet', '{"name":"you"}')

    expect(execution).toMatchObject({ status: 'Completed', finalText: '{"greeting":"hello"}', errorMessage: null })
    expect(running.host.runsOf('say')).toMatchObject([
      { script: 'jobs.py', workflow: 'greet', inputText: '{"name":"you"}', deadlineMs: 300_000 },
    ])
  })

  it('passes each task the merged outputs of its dependencies, in the order of declaration', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('etl', { read: {}, price: {}, write: { after: ['price', 'read'] } })],
      python: (host) =>
        host
          .task('read', () => completed('{"rows":[1,2],"by":"read"}'))
          .task('price', () => completed('{"rows":[2,3.0],"by":"price"}')),
    })

    const execution = await running.engine.execute('etl', '{"start":true}')

    const merged = '{"rows":[2,3.0,1],"by":"read"}'
    expect(running.host.runsOf('write')).toMatchObject([{ inputText: merged }])
    expect(execution.finalText).toBe(merged)
  })

  it('runs independent tasks at the same time, up to maxConcurrentTasks', async () => {
    const tasks = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`t${index}`, {}]))
    await using running = await RunningEngine.start({
      workflows: [workflow('wide', tasks)],
      config: { maxConcurrentTasks: 3 },
      python: (host) => {
        for (const id of Object.keys(tasks)) host.task(id, (request) => host.after(10, completed(request.inputText)))
      },
    })

    const ended = running.engine.execute('wide', '{}')
    await running.clock.advance(40)

    expect((await ended).status).toBe('Completed')
    expect(running.host.mostRunning).toBe(3)
  })

  it('runs a task after a failed dependency, unless its trigger rule is not met', async () => {
    await using running = await RunningEngine.start({
      workflows: [
        workflow('nightly', {
          fetch: {},
          always: { after: ['fetch'] },
          alarm: { after: ['fetch'], rule: { type: 'TaskFailed', taskName: 'fetch' } },
          load: { after: ['fetch'], rule: { type: 'TaskSuccess', taskName: 'public::embedded::nightly::fetch' } },
          report: { after: ['load'], rule: { type: 'TaskSkipped', taskName: 'load' } },
        }),
      ],
      python: (host) => host.task('fetch', () => failed('Python task execution failed: ValueError: no rows\nnote')),
    })

    const execution = await running.engine.execute('nightly', '{"a":1}')

    expect(Object.fromEntries(execution.tasks.map((task) => [task.taskId, task.status]))).toEqual({
      fetch: 'Failed',
      always: 'Completed',
      alarm: 'Completed',
      load: 'Skipped',
      report: 'Completed',
    })
    expect(running.host.runsOf('always')).toMatchObject([{ inputText: '{}' }])
    expect(execution).toMatchObject({ status: 'Failed', finalText: '{"a":1}' })
    expect(execution.errorMessage).toBe(
      '1 task(s) failed, 3 completed, 1 skipped: fetch: Python task execution failed: ValueError: no rows',
    )
  })

  it('uses the last output that is not empty as the final context', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { first: {}, second: { after: ['first'] }, last: { after: ['second'] } })],
      python: (host) => host.task('second', () => completed('{"kept":1}')).task('last', () => completed('{ }')),
    })

    const execution = await running.engine.execute('w', '{}')

    expect(execution.finalText).toBe('{"kept":1}')
  })

  it('stores every task output in the database, but returns none of them from execute()', async () => {
    await using running = await RunningEngine.start({ workflows: [workflow('w', { a: {}, b: { after: ['a'] } })] })

    const execution = await running.engine.execute('w', '{"n":1.0}')
    const stored = await running.store.getExecution(execution.id)

    expect(execution.tasks.map((task) => task.outputText)).toEqual([null, null])
    expect(stored?.tasks.map((task) => task.outputText)).toEqual(['{"n":1.0}', '{"n":1.0}'])
    const withoutOutputs = stored?.tasks.map((task) => ({ ...task, outputText: null }))
    expect({ ...stored, tasks: withoutOutputs }).toEqual(execution)
  })

  it('emits events for the start and end of an execution and its tasks, in their order', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { a: {}, b: { after: ['a'], rule: { type: 'Any', conditions: [] } } })],
    })
    const told: unknown[] = []
    for (const name of ['executionStarted', 'taskStarted', 'taskFinished', 'executionFinished'] as const) {
      running.events.on(name, (event) => {
        const taskId = 'taskId' in event ? event.taskId : null
        told.push([name, taskId, 'status' in event ? event.status : null])
      })
    }

    await running.engine.execute('w', '{}')

    expect(told).toEqual([
      ['executionStarted', null, null],
      ['taskStarted', 'a', null],
      ['taskFinished', 'a', 'Completed'],
      ['taskFinished', 'b', 'Skipped'],
      ['executionFinished', null, 'Completed'],
    ])
  })
})

describe('a task that fails', () => {
  it('is retried after its delays with the same input, and holds no slot while it waits', async () => {
    let attempts = 0
    await using running = await RunningEngine.start({
      workflows: [
        workflow('flaky', {
          call: { retry: retrying(3, { backoff: { kind: 'linear', multiplier: 1 }, initialDelayMs: 1_000 }) },
        }),
        workflow('other', { work: {} }),
      ],
      config: { maxConcurrentTasks: 1 },
      python: (host) => host.task('call', () => (++attempts < 3 ? failed('busy') : completed('{"done":true}'))),
    })
    const retries = running.record('taskRetried')

    const ended = running.engine.execute('flaky', '{"n":1}')
    await running.clock.advance(500)
    const other = await running.engine.execute('other', '{}')
    await running.clock.advance(2_500)
    const execution = await ended

    const start = Date.UTC(2026, 0, 1)
    expect(running.host.runsOf('call').map((run) => [run.at - start, run.inputText])).toEqual([
      [0, '{"n":1}'],
      [1_000, '{"n":1}'],
      [3_000, '{"n":1}'],
    ])
    expect(other.status).toBe('Completed')
    expect(execution.tasks).toMatchObject([
      { status: 'Completed', attempts: 3, error: null, startedAt: start, endedAt: start + 3_000 },
    ])
    expect(retries.map((event) => [event.attempt, event.retryAt - start])).toEqual([
      [1, 1_000],
      [2, 3_000],
    ])
  })

  it('keeps the time of its next attempt over a restart of the engine', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('flaky', { call: { retry: retrying(2, { initialDelayMs: 10_000 }) } })],
      python: (host) => host.task('call', () => failed('busy')),
    })
    const id = await running.engine.submit('flaky', '{}')
    await running.clock.advance(1_000)

    await running.engine.stop({ graceMs: 0 })
    await using restarted = await RunningEngine.start({
      clock: running.clock,
      store: running.store,
      workflows: [workflow('flaky', { call: { retry: retrying(2, { initialDelayMs: 10_000 }) } })],
    })
    await running.clock.advance(8_999)
    expect(restarted.host.runs).toHaveLength(0)
    await running.clock.advance(1)

    expect(restarted.host.runs).toHaveLength(1)
    expect(await restarted.store.getExecution(id)).toMatchObject({ status: 'Completed' })
  })

  it('fails with the timeout message if its attempt exceeds taskTimeoutMs', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { slow: {} })],
      config: { taskTimeoutMs: 2_000 },
      python: (host) =>
        host.task('slow', () => ({ kind: 'timedOut', error: fault('timeout after 2s', 'TimeoutError') })),
    })

    const execution = await running.engine.execute('w', '{}')

    expect(running.host.runs).toMatchObject([{ deadlineMs: 2_000 }])
    expect(execution.tasks).toMatchObject([{ status: 'Failed', error: { message: 'timeout after 2s' } }])
  })

  it('is run again three times if its interpreter dies, and is then abandoned', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { crash: {} })],
      python: (host) => host.task('crash', () => ({ kind: 'lost', error: fault('out of memory', 'InterpreterDied') })),
    })

    const execution = await running.engine.execute('w', '{}')

    expect(running.host.runs).toHaveLength(4)
    expect(execution.status).toBe('Failed')
    expect(execution.tasks[0]?.error?.message).toMatch(/^ABANDONED: .*out of memory/)
  })

  it('does not use up an attempt of its retry policy if its interpreter dies', async () => {
    const outcomes = [
      { kind: 'lost', error: fault('died', 'InterpreterDied') } as const,
      failed('once'),
      completed('{"done":true}'),
    ]
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { unlucky: { retry: retrying(2) } })],
      python: (host) => host.task('unlucky', () => outcomes.shift() ?? failed('too often')),
    })

    const execution = await running.engine.execute('w', '{}')

    expect(execution.tasks).toMatchObject([{ status: 'Completed', attempts: 3, recoveries: 1 }])
  })

  it('reports that its input cannot be read if the outputs of its dependencies cannot be merged', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { a: {}, b: {}, join: { after: ['a', 'b'] } })],
      python: (host) => host.task('a', () => completed('[1]')).task('b', () => completed('{}')),
    })

    const execution = await running.engine.execute('w', '{}')

    expect(execution.tasks[2]).toMatchObject({ taskId: 'join', status: 'Failed', attempts: 0 })
    expect(execution.tasks[2]?.error?.message).toContain('The input of task "join" cannot be read')
  })
})

describe('many executions', () => {
  it('end in the order of their age: a new execution gets slots that a begun one does not need', async () => {
    const tasks = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`t${index}`, {}]))
    await using running = await RunningEngine.start({
      workflows: [workflow('wide', tasks), workflow('small', { only: {} })],
      config: { maxConcurrentTasks: 2 },
      python: (host) => {
        for (const id of [...Object.keys(tasks), 'only']) host.task(id, () => host.after(10, completed('{}')))
      },
    })
    const wide = running.engine.execute('wide', '{}')
    await running.clock.advance(5)

    const small = running.engine.execute('small', '{}')
    await running.clock.advance(200)

    expect([(await wide).status, (await small).status]).toEqual(['Completed', 'Completed'])
    expect(running.host.runs.map(({ taskId }) => taskId)).toEqual([...Object.keys(tasks), 'only'])
  })

  it('that have begun get slots before older ones that have not', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('wide', { t0: {}, t1: {}, t2: {} }), workflow('small', { only: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) => {
        for (const id of ['t0', 't1', 't2', 'only']) host.task(id, () => host.after(10, completed('{}')))
      },
    })
    const { engine, clock, host } = running
    await engine.submit('small', '{}')
    await clock.advance(1)
    const older = await engine.submit('small', '{}')
    await engine.services.executions.pause(older)
    await clock.advance(1)
    await engine.submit('wide', '{}')
    await clock.advance(10)
    await engine.services.executions.resume(older)
    await clock.advance(200)

    expect(host.runs.map(({ taskId }) => taskId)).toEqual(['only', 't0', 't1', 't2', 'only'])
  })

  it('all complete, even if there are more of them than the engine keeps in memory', async () => {
    const waiting: (() => void)[] = []
    await using running = await RunningEngine.start({
      workflows: [workflow('w', { a: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) =>
        host.task('a', async ({ inputText }) => {
          await new Promise<void>((resolve) => waiting.push(resolve))
          return completed(inputText)
        }),
    })

    const all = Array.from({ length: 1_050 }, (_, index) => running.engine.execute('w', `{"n":${index}}`))
    const ended = Promise.all(all)
    await settle()
    for (let begun = 0; begun < all.length; begun++) {
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve))
      waiting.shift()?.()
    }

    const finals = (await ended).map((execution) => execution.finalText)
    expect(finals).toEqual(all.map((_, index) => `{"n":${index}}`))
  })

  it('all complete, even if each of 1,050 executions calls execute() with only two slots', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('outer', { call: {} }), workflow('inner', { work: {} })],
      config: { maxConcurrentTasks: 2 },
      python: (host) =>
        host.task('call', async ({ slot, inputText }) => {
          const { finalText } = await running.engine.execute('inner', inputText, { callerSlot: slot })
          return completed(finalText ?? '{}')
        }),
    })

    const all = Array.from({ length: 1_050 }, (_, index) => running.engine.execute('outer', `{"n":${index}}`))

    const finals = (await Promise.all(all)).map((execution) => execution.finalText)
    expect(finals).toEqual(all.map((_, index) => `{"n":${index}}`))
  })
})

describe('a task that calls execute', () => {
  it('lends its slot to the called workflow, so nested calls complete with a single slot', async () => {
    await using running = await RunningEngine.start({
      workflows: [workflow('outer', { call: {} }), workflow('middle', { pass: {} }), workflow('inner', { work: {} })],
      config: { maxConcurrentTasks: 1 },
      python: (host) =>
        host
          .task('call', async ({ slot }) => {
            const { finalText } = await running.engine.execute('middle', '{"n":1}', { callerSlot: slot })
            return completed(`{"outer":${finalText}}`)
          })
          .task('pass', async ({ slot }) => {
            const { finalText } = await running.engine.execute('inner', '{"n":2}', { callerSlot: slot })
            return completed(`{"middle":${finalText}}`)
          }),
    })

    const execution = await running.engine.execute('outer', '{}')

    expect(execution.finalText).toBe('{"outer":{"middle":{"n":2}}}')
  })
})
