import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openFunctions } from './open-functions.ts'

/** Waits for some turns of the event loop. Node reports unhandled rejections after each turn. */
async function turns(): Promise<void> {
  for (let each = 0; each < 3; each++) await turn()
}

it('fails an attempt that leaves an unhandled rejection', async () => {
  using functions = openFunctions()
  let reason: unknown

  const outcome = await functions.run(
    (_context, { signal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason
          resolve()
        })
        void Promise.reject(new Error('mail was not sent'))
      }),
  )

  expect(outcome).toMatchObject({
    kind: 'failed',
    error: { type: 'Error', message: 'Task execution failed in the background: Error: mail was not sent' },
  })
  expect(reason).toMatchObject({ message: 'mail was not sent' })
})

it('does not fail a concurrent task because of the unhandled rejection of another task', async () => {
  using functions = openFunctions()
  const go = Promise.withResolvers<void>()
  const innocent = functions.run(() => go.promise, { executionId: 'other' })

  const guilty = await functions.run(async () => {
    void Promise.reject(new Error('mine'))
    await turns()
  })
  go.resolve()

  expect(guilty).toMatchObject({ kind: 'failed' })
  expect(await innocent).toMatchObject({ kind: 'completed' })
})

it('fails an attempt if one of its timers throws', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(
    (_context, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        setTimeout(() => {
          throw new Error('in a timer')
        }, 0)
      }),
  )

  expect(outcome).toMatchObject({ kind: 'failed', error: { message: expect.stringContaining('in a timer') } })
})

it('logs a background error of an ended attempt, in the logs of the attempt and the engine', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(() => {
    setTimeout(() => void Promise.reject(new Error('too late')), 0)
    return { a: 1 }
  })
  await expect.poll(() => functions.notices).toHaveLength(1)

  expect(outcome).toMatchObject({ kind: 'completed' })
  expect(functions.notices).toEqual([
    "task 'ship' of workflow 'orders' has ended, but code that it left running failed: Error: too late",
  ])
  expect(functions.records).toContainEqual(
    expect.objectContaining({
      level: 'ERROR',
      extra: { error: 'Error: too late' },
      traceback: expect.stringContaining('background.test.ts'),
    }),
  )
})

it('stores printed lines in the log of their attempt, and prints them', async () => {
  using functions = openFunctions()

  await functions.run(async (_context, { log }) => {
    console.log('fetched %d lines', 3)
    await turn()
    console.error('almost full')
    process.stdout.write('half a line')
    log.info('shipped', { order: 7 })
    log.warn('slow', { error: new Error('4 s') })
  })

  expect(functions.records).toMatchObject([
    { stream: 'stdout', message: 'fetched 3 lines' },
    { stream: 'stderr', message: 'almost full' },
    {
      stream: 'log',
      level: 'INFO',
      message: 'shipped',
      extra: { order: 7 },
      place: expect.stringMatching(/background\.test\.ts:\d+$/),
    },
    {
      stream: 'log',
      level: 'WARNING',
      message: 'slow',
      extra: { error: 'Error: 4 s' },
      traceback: expect.stringContaining('Error: 4 s'),
    },
    { stream: 'stdout', message: 'half a line' },
  ])
  expect(functions.printed.join('')).toContain('fetched 3 lines\nalmost full\nhalf a lineINFO shipped {"order":7}\n')
})

it('sends printed lines of a long attempt before its end', async () => {
  using functions = openFunctions()
  const go = Promise.withResolvers<void>()
  const running = functions.run(() => {
    console.log('begun')
    return go.promise
  })

  await functions.clock.advance(50)

  expect(functions.records).toMatchObject([{ message: 'begun' }])
  go.resolve()
  await running
})

it('masks secrets in printed lines, log lines and errors', { tags: ['proof'] }, async () => {
  using functions = openFunctions(async (name, { workflow }) =>
    name === 'db' && workflow === 'orders' ? { password: 'hunter2-very-long' } : null,
  )

  const outcome = await functions.run(async (_context, { secret, log }) => {
    const { password } = await secret('db')
    console.log(`connecting with ${password}`)
    log.info('connected', { password })
    throw Object.assign(new Error(`refused: ${password}`), { name: `Refused_${password}` })
  })

  const all = JSON.stringify([outcome, functions.records, functions.printed])
  expect(all).not.toContain('hunter2')
  expect(all).toContain('Refused_***')
  expect(functions.printed[0]).toBe('connecting with ***\n')
})

it('finds a secret by its name in the schedule, and names a missing secret in the error', async () => {
  using functions = openFunctions(async (name) => (name === 'db' ? { value: 'x' } : null))
  const inputText = '{"__cloacina_secret_refs__":{"target":"db"}}'

  expect(
    await functions.run(async (_context, { secret }) => ({ got: Object.keys(await secret('target')) }), { inputText }),
  ).toMatchObject({ kind: 'completed' })
  expect(await functions.run((_context, { secret }) => secret('nothing').then(() => undefined))).toMatchObject({
    kind: 'failed',
    error: { message: 'Task execution failed: Error: secret not found: nothing' },
  })
})

it('logs a background error after its host is closed, without ending the process', async () => {
  const functions = openFunctions()
  await functions.run(() => void setTimeout(() => void Promise.reject(new Error('after all')), 5))
  functions.host.close()

  await expect.poll(() => functions.notices).toHaveLength(1)
  expect(functions.notices[0]).toContain('after all')
})

it('restores the console and the streams when the last host is closed', () => {
  const [log, write] = [console.log, process.stdout.write]
  {
    using _one = openFunctions()
    using _other = openFunctions()
    expect(console.log).not.toBe(log)
  }

  expect(console.log).toBe(log)
  expect(process.stdout.write).toBe(write)
})
