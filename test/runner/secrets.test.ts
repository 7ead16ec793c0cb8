/** Secrets that tasks request, and that a function of the Node program returns. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type SecretFields, SecretNotGranted, type SecretProvider } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const SCRIPT = fileURLToPath(new URL('./scripts/secretive.py', import.meta.url))
const PASSWORD = 'hunter22-of-the-warehouse'
const WAREHOUSE = { user: 'etl', password: PASSWORD }

describe('the secrets of tasks', () => {
  let observed: ObservedRunner
  let asked: (readonly unknown[])[] = []
  const provider: SecretProvider = async (name, request) => {
    asked.push([name, request])
    if (name === 'warehouse') return WAREHOUSE
    if (name === 'broken') throw new Error('the vault is sealed')
    if (name === 'odd') return { port: 5432 } as unknown as SecretFields
    if (name === 'others') throw new SecretNotGranted()
    return null
  }
  beforeAll(async () => {
    observed = await ObservedRunner.open({ secrets: provider })
    await observed.runner.load(SCRIPT)
    await observed.runner.start()
  })
  beforeEach(() => {
    asked = []
  })
  afterAll(() => observed?.[Symbol.asyncDispose]())
  const execute = (workflow: string, context = {}) => observed.runner.execute(workflow, context)

  it('are returned to the task but not stored in its context, and the provider receives the task', {
    tags: ['proof'],
  }, async () => {
    const { id, context } = await execute('fetch', { name: 'warehouse' })

    expect(context).toEqual({
      name: 'warehouse',
      lengths: { user: 3, password: PASSWORD.length },
      shown: `Context({"name":"warehouse","lengths":{"user":3,"password":${PASSWORD.length}}})`,
    })
    expect(asked).toEqual([['warehouse', { workflow: 'fetch', executionId: id, taskId: 'get' }]])
  })

  it('raise the documented exceptions if they are missing, and are also available in threads of the task', async () => {
    const { context } = await execute('misses', { names: ['nobody', 'others', 'broken', 'odd', ''] })

    expect(context).toEqual({
      answers: [
        ['KeyError', 'secret not found: nobody'],
        ['PermissionError', 'secret not granted: others'],
        ['RuntimeError', 'secret backend error: the vault is sealed'],
        ['RuntimeError', 'secret backend error: the fields of "odd" must be an object of strings'],
        ['KeyError', 'secret not found: '],
        ['KeyError', "secret 'warehouse' has no field 'port'"],
      ],
      in_thread: ['etl'],
    })
  })

  it('can be read by the aliases in the parameters of a schedule, which contain only names of secrets', async () => {
    const { schedules, executions } = observed.runner
    const timing = { expression: '0 0 1 1 *', timezone: 'UTC', catchup: 'skip', isEnabled: true } as const
    const schedule = await schedules.registerInstance('by_alias', 'yearly', timing, '{"db":{"$secret":"warehouse"}}')

    const { context } = await executions.wait(await schedules.run(schedule))

    expect(context).toMatchObject({
      length: PASSWORD.length,
      input: { __cloacina_secret_refs__: { db: 'warehouse' } },
    })
    expect(asked).toMatchObject([['warehouse', { workflow: 'by_alias' }]])
  })

  it.each([
    ['', '__cloacina_secret_refs__'],
    [' with escapes', '\\u005f_cloacina_secret_refs__'],
  ])('cannot be chosen by the caller with aliases in the context%s', { tags: ['proof'] }, async (_, key) => {
    const result = await observed.runner.executeText('by_alias', `{"n":1.0,"${key}":{"db":"warehouse"}}`)

    expect(result.status).toBe('Failed')
    expect(new Set(asked.map(([name]) => name))).toEqual(new Set(['db']))
  })

  it('are not returned to a poll, to a script during its import, or to a task that has ended', {
    tags: ['proof'],
  }, async () => {
    await execute('fetch', { name: 'nobody' })
    const { outcome } = await observed.runner.testPoll('polls')
    await execute('leaves_a_thread')
    const { context } = await execute('after')
    const { context: loaded } = await execute('loaded')

    const refused = ['RuntimeError', 'secret backend error: only running tasks can read secrets']
    expect(outcome).toMatchObject({ kind: 'skipped', reason: `['${refused.join("', '")}']` })
    expect(context).toEqual({ late: [refused] })
    expect(loaded).toEqual({ at_load: refused })
    expect(asked.map(([name]) => name)).toEqual(['nobody'])
  })

  it('are replaced by *** in the output, log and errors of all tasks of the execution', {
    tags: ['proof'],
  }, async () => {
    const result = await execute('prints')
    const log = await recordsOf(observed.runner.executions.log(result.id))
    const { tasks } = await observed.runner.executions.get(result.id)

    const texts = log.map(({ stream, message }) => `${stream} ${message}`)
    expect(texts).toEqual([
      "stdout password *** in {'password': '***'}",
      'stdout ***',
      'stderr ***',
      'log logged ***',
      'log it failed',
      'stdout ***',
    ])
    expect(log[3]).toMatchObject({ extra: { given: { password: '***' } } })
    expect(log[4]?.traceback).toContain('ValueError: cannot log in with ***')
    expect(tasks[0]).toMatchObject({ error: 'Python task execution failed: RuntimeError: gave up with ***' })
    expect(tasks[0]?.traceback).toContain('RuntimeError: gave up with ***')
    expect(
      JSON.stringify([log, tasks, result.errorMessage, observed.log, observed.events('taskFinished')]),
    ).not.toContain(PASSWORD)
  })

  it('are replaced by *** in the failures and tracebacks that a later task reads', { tags: ['proof'] }, async () => {
    const { context } = await execute('reads_failures')

    const message = 'Python task execution failed: ValueError: no login with ***'
    expect(context).toMatchObject({
      failures: { login: { type: 'ValueError', message, attempts: 1 } },
      traceback: expect.stringMatching(/^Traceback [\s\S]+ValueError: no login with \*\*\*\n$/),
    })
  })

  it('are stored, with a warning in the log, if a task puts them into its context', async () => {
    const { context } = await execute('prints')

    expect(context).toEqual({ kept: PASSWORD })
    const warning = observed.log.find(({ message }) => message.includes('put the value of a secret into its context'))
    expect(warning).toMatchObject({ level: 'warn', message: expect.stringContaining('task "says_more"') })
    expect(warning?.message).not.toContain(PASSWORD)
  })
})

it('raises an exception in a task that requests a secret from a runner without a secrets provider', async () => {
  await using observed = await ObservedRunner.open({ secrets: null })
  await observed.runner.load(SCRIPT)

  const { errorMessage } = await observed.runner.execute('fetch', { name: 'warehouse' })

  expect(errorMessage).toContain('RuntimeError: secrets backend not configured')
})

it.each([7, '', {}, [], true])('rejects a secrets provider that is not a function: %j', async (secrets) => {
  await expect(ObservedRunner.open({ secrets: secrets as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

async function recordsOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
