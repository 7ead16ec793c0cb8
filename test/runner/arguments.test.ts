/** Invalid options, names and contexts: the Node API rejects each one with an error code and the path of the value. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Runner, type RunnerOptions, UsageError } from '../../src/index.ts'

const INDEX = new URL('../../src/index.ts', import.meta.url).href
const FOLDER = fileURLToPath(new URL('.', import.meta.url))

describe('the options of a runner', () => {
  const refused = async (options: unknown) => {
    const opened = Runner.open({ database: ':memory:', ...(options as RunnerOptions) })
    return await opened.then(
      (runner) => runner.close().then(() => 'opened'),
      (error) => error,
    )
  }

  it.each<[unknown, string, RegExp]>([
    [{ databse: 'jobs.db' }, 'databse', /^Unknown option "databse"\. Did you mean "database"\?$/],
    [{ database: 7 }, 'database', /7 \(number\)/],
    [{ durability: 'some' }, 'durability', /one of "full", "normal", but "some" \(string\)/],
    [{ interpreters: Number.NaN }, 'interpreters', /NaN \(number\)/],
    [{ log: 'stderr' }, 'log', /a function/],
    [{ config: null }, 'config', /null/],
    [
      { config: { maxConcurentTasks: 8 } },
      'config.maxConcurentTasks',
      /^Unknown .*Did you mean "maxConcurrentTasks"\?$/,
    ],
    [{ config: { maxConcurrentTasks: Number.NaN } }, 'config.maxConcurrentTasks', /NaN \(number\)/],
    [{ config: { maxConcurrentTasks: 0 } }, 'config.maxConcurrentTasks', /must be a whole number, 1 or more/],
    [{ config: { taskTimeoutMs: Number.POSITIVE_INFINITY } }, 'config.taskTimeoutMs', /Infinity/],
    [{ config: { pollDeadlineMs: '30s' } }, 'config.pollDeadlineMs', /"30s" \(string\)/],
    [{ config: { cronEnabled: 1 } }, 'config.cronEnabled', /1 \(number\)/],
    [{ config: { constructor: 1 } }, 'config.constructor', /Unknown option/],
    [{ config: { retention: 7 } }, 'config.retention', /an object/],
    [{ config: { retention: { endMs: 5 } } }, 'config.retention.endMs', /Did you mean "endedMs"\?/],
    [{ config: { retention: { endedMs: -1 } } }, 'config.retention.endedMs', /-1/],
  ])('are rejected with the path of the invalid value: %o', async (options, path, message) => {
    const error = await refused(options)

    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path }, message: expect.stringMatching(message) })
  })

  it('may be undefined, and limits may be null', async () => {
    const config = { workflowTimeoutMs: null, taskTimeoutMs: undefined, retention: { endedMs: null } }

    expect(await refused({ log: undefined, durability: undefined, config })).toBe('opened')
  })
})

describe('the calls of a runner', () => {
  let runner: Runner
  beforeAll(async () => {
    runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  })
  afterAll(() => runner.close())
  const anything = (value: unknown) => value as never

  it('reject arguments of a wrong type with the name of the argument', async () => {
    const calls: readonly (readonly [() => unknown, string])[] = [
      [() => runner.load(anything(7)), 'place'],
      [() => runner.loadAll([anything({})]), 'places[0]'],
      [() => runner.execute(anything(undefined) as string), 'workflow'],
      [() => runner.executeText(anything(null)), 'workflow'],
      [() => runner.poll(anything(Symbol('poll'))), 'trigger'],
      [() => runner.workflows.submit(anything(7)), 'workflow'],
      [() => runner.workflows.submitText(anything(7), '{}'), 'workflow'],
      [() => runner.triggers.get(anything(undefined)), 'name'],
      [() => runner.triggers.setEnabled(anything(7), true), 'name'],
      [() => runner.triggers.set(anything(7), {}), 'name'],
      [() => runner.triggers.set('hourly', anything(7)), 'settings'],
      [() => runner.triggers.set('hourly', anything(undefined)), 'settings'],
      [() => runner.triggers.set('hourly', { timeoutMs: anything('5s') }), 'settings.timeoutMs'],
      [() => runner.triggers.set('hourly', { timeoutMs: 0 }), 'settings.timeoutMs'],
      [() => runner.triggers.set('hourly', anything({ interval: 5 })), 'settings.interval'],
      [() => runner.triggers.setCatchup('nightly', anything('some')), 'catchup'],
      [() => runner.triggers.fire(anything(7)), 'name'],
      [() => runner.triggers.poll(anything(7)), 'name'],
      [() => runner.triggers.setEnabled('hourly', true, { note: anything(7) }), 'note'],
      [() => runner.triggers.history(anything([])), 'name'],
      [() => runner.triggers.ticks(anything(7n)), 'name'],
      [() => runner.executions.get(anything(undefined)), 'id'],
      [() => runner.executions.wait(anything(7)), 'id'],
      [() => runner.executions.list({ workflow: anything(7) }), 'workflow'],
      [() => runner.schedules.register(anything(7), '* * * * *'), 'workflow'],
      [() => runner.schedules.register('count', anything(7)), 'expression'],
      [() => runner.schedules.register('count', '* * * * *', anything(7)), 'timezone'],
      [() => runner.schedules.get(anything(7)), 'id'],
      [() => runner.schedules.update(anything(7), '* * * * *'), 'id'],
      [() => runner.schedules.setEnabled(anything(7), true), 'id'],
      [() => runner.schedules.delete(anything(7)), 'id'],
      [() => runner.schedules.history(anything(7)), 'id'],
      [() => runner.execute('count', {}, { timeoutMs: Number.NaN }), 'timeoutMs'],
    ]

    for (const [call, path] of calls) {
      await expect(call(), path).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', facts: { path } })
    }
  })

  it('reject new names that contain U+0000', async () => {
    const calls: readonly (readonly [() => unknown, string])[] = [
      [() => runner.schedules.register('co\0unt', '* * * * *'), 'workflow'],
      [() => runner.reactors.subscribe('ti\0cks', 'count'), 'reactor'],
      [() => runner.reactors.subscribe('ticks', 'co\0unt'), 'workflow'],
      [() => runner.reactors.subscribe('ticks', 'count', { tenant: '\0' }), 'tenant'],
    ]

    for (const [call, path] of calls) {
      const message = expect.stringContaining(`"${path}" must be a string without U+0000`)
      await expect(call(), path).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message, facts: { path } })
    }
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('find nothing with the name %s', async (name) => {
    await expect(runner.triggers.get(name)).rejects.toMatchObject({ code: 'TRIGGER_NOT_FOUND' })
    await expect(runner.poll(name)).rejects.toMatchObject({ code: 'TRIGGER_NOT_FOUND' })
    await expect(runner.execute(name)).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    await expect(runner.workflows.get(name)).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    await expect(runner.workflows.submit(name)).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
    await expect(runner.executions.get(name)).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' })
    await expect(runner.schedules.get(name)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  it('reject the name of an unknown event, and a listener that is not a function', () => {
    const on = (name: unknown, listener: unknown) => () => runner.on(anything(name), anything(listener))
    const listener = () => undefined

    expect(on('executionFinish', listener)).toThrow(
      /Unknown event "executionFinish".*Did you mean "executionFinished"\?/,
    )
    for (const call of [on('constructor', listener), on(7, listener), on('tick', undefined)]) {
      expect(call).toThrow(UsageError)
    }
  })

  it('reject a context that contains itself', async () => {
    const cyclic: { [key: string]: unknown } = { list: [] }
    ;(cyclic.list as unknown[]).push(cyclic)
    for (const call of [
      () => runner.execute('count', anything(cyclic)),
      () => runner.workflows.submit('count', anything(cyclic)),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'INVALID_CONTEXT', facts: { path: 'context.list[0]' } })
    }
  })
})

describe('a program with a runner', () => {
  const run = (code: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
        import { Runner } from '${INDEX}'
        ${code}`,
      ],
      { encoding: 'utf8', timeout: 60_000, cwd: FOLDER },
    )

  it('continues after it executes a workflow without a name, and exits with code 0', () => {
    const { stdout, stderr, status } = run(`
      const runner = await Runner.open({ database: ':memory:' })
      await runner.start()
      await runner.execute(undefined).catch((error) => console.log(error.code))
      await runner.close()
      setTimeout(() => console.log('went on'), 10)`)

    expect({ stdout, stderr, status }).toEqual({ stdout: 'INVALID_ARGUMENT\nwent on\n', stderr: '', status: 0 })
  })

  it('can load a script again after Python failed to start', () => {
    const { stdout, status } = run(`
      const runner = await Runner.open({ database: ':memory:' })
      const place = mkdtempSync('/tmp/cloaca-gone-')
      const script = process.cwd() + '/scripts/counting.py'
      process.chdir(place)
      rmdirSync(place) // no interpreter can start in a folder that is gone
      await runner.load(script).catch((error) => console.log('refused:', error.message.includes('cwd')))
      process.chdir('/')
      console.log((await runner.load(script))[0].workflows)
      await runner.close()`)

    expect({ stdout, status }).toEqual({
      stdout: "refused: true\n[ 'count', 'mixed', 'sleepy' ]\n",
      status: 0,
    })
  })

  it('prints a warning about a listener that throws or rejects if the runner has no log function', () => {
    const { stderr, status } = run(`
      const runner = await Runner.open({ database: ':memory:' })
      await runner.load('scripts/counting.py')
      runner.on('executionStarted', () => { throw new Error('a bad listener') })
      runner.on('executionFinished', async () => { throw new Error('a late listener') })
      await runner.execute('count')
      await runner.close()`)

    expect(stderr).toContain('A listener of the event "executionStarted" threw: a bad listener')
    expect(stderr).toContain('A listener of the event "executionFinished" threw: a late listener')
    expect(status).toBe(0)
  })

  it('continues when the log function of its runner throws', () => {
    const { stdout, stderr, status } = run(`
      const log = () => { throw new Error('a full disk') }
      const runner = await Runner.open({ database: ':memory:', log })
      await runner.load('scripts/counting.py')
      console.log((await runner.execute('count')).status)
      await runner.close()`)

    expect(stdout).toBe('Completed\n')
    expect(stderr).toContain('The log function of a runner threw: a full disk.')
    expect(status).toBe(0)
  })
})
