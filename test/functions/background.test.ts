import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openFunctions } from './open-functions.ts'

/** Node looks for rejections that nobody handles after each turn of its event loop. */
async function turns(): Promise<void> {
  for (let each = 0; each < 3; each++) await turn()
}

it('fails an attempt in whose background a promise is rejected that nobody handles', async () => {
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

it('leaves alone the task that runs beside the one whose promise was rejected', async () => {
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

it('fails an attempt of which a timer throws', async () => {
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

it('says what fails of an attempt that has ended, in its log and in that of the engine', async () => {
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

it('keeps what is printed in the log of its own attempt, and prints it', async () => {
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

it('sends what a long attempt prints while it goes on', async () => {
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

it('blots out secrets in what is printed, logged and thrown', async () => {
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

it('finds a secret by the name that its schedule gives it, and says which is missing', async () => {
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

it('says what fails of an attempt also when its host is closed, and the process goes on', async () => {
  const functions = openFunctions()
  await functions.run(() => void setTimeout(() => void Promise.reject(new Error('after all')), 5))
  functions.host.close()

  await expect.poll(() => functions.notices).toHaveLength(1)
  expect(functions.notices[0]).toContain('after all')
})

it('leaves the console and the streams as they were when the last host is closed', () => {
  const [log, write] = [console.log, process.stdout.write]
  {
    using _one = openFunctions()
    using _other = openFunctions()
    expect(console.log).not.toBe(log)
  }

  expect(console.log).toBe(log)
  expect(process.stdout.write).toBe(write)
})
