import { expect, it } from 'vitest'
import { fire, skip } from '../../src/authoring/poll-answers.ts'
import { firedOnce } from '../../src/model/trigger.ts'
import { NO_LIMIT_MS, openFunctions, SCRIPT, taskRequest } from './open-functions.ts'

const never = () => new Promise<never>(() => undefined)

it('passes the context to a task, and adds the returned values to the context', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(({ order_id }) => ({ double: Number(order_id) * 2 }), {
    inputText: '{"order_id":7,"price":1.0}',
  })

  expect(outcome).toEqual({ kind: 'completed', contextText: '{"order_id":7,"price":1.0,"double":14}' })
})

it('passes attempt, execution id, workflow and task id to a task', async () => {
  using functions = openFunctions()

  const outcome = await functions.run((_context, { attempt, executionId, workflow, task }) => {
    return { attempt, executionId, workflow, task }
  })

  const { executionId } = taskRequest()
  expect(outcome).toMatchObject({ kind: 'completed' })
  expect(outcome.kind === 'completed' && JSON.parse(outcome.contextText)).toEqual({
    ...{ attempt: 1, workflow: 'orders', task: 'ship' },
    executionId,
  })
})

it('fails a task that changes its context, with a remedy in the error', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(
    (context) => {
      const { lines } = context as { lines: { count: number }[] }
      if (lines[0]) lines[0].count = 2
    },
    { inputText: '{"lines":[{"count":1}]}' },
  )

  expect(outcome).toMatchObject({
    kind: 'failed',
    error: {
      type: 'TypeError',
      message: expect.stringContaining('(a context cannot be changed; return the values to add to it)'),
    },
  })
})

it('fails an attempt with its thrown error, the causes and the file', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(async () => {
    throw new RangeError('too many', { cause: new Error('the shelf is full') })
  })

  expect(outcome).toMatchObject({
    kind: 'failed',
    error: {
      type: 'RangeError',
      message: 'Task execution failed: RangeError: too many',
      traceback: expect.stringMatching(/function-host\.test\.ts:\d+:\d+[\s\S]*Caused by: Error: the shelf is full/),
    },
  })
})

it.each([
  ['a string', 'no luck', '"no luck" (string)'],
  ['undefined', undefined, 'undefined'],
  ['an object', { code: 7 }, '{ code: 7 }'],
  [
    'an object that cannot be read',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no')
        },
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
    'Proxy({})',
  ],
])('fails an attempt that throws %s, and shows the thrown value', async (_what, thrown, shown) => {
  using functions = openFunctions()

  const outcome = await functions.run(() => {
    throw thrown
  })

  const message = `Task execution failed: ${shown} was thrown, which is not an Error`
  expect(outcome).toEqual({ kind: 'failed', error: { type: 'NonErrorThrown', message, traceback: '' } })
})

it('fails an attempt with the type of an error whose properties cannot be read', async () => {
  using functions = openFunctions()
  const error = new Error('x')
  for (const key of ['name', 'message', 'stack', 'cause']) {
    Object.defineProperty(error, key, {
      get() {
        throw new Error('no')
      },
    })
  }

  const outcome = await functions.run(() => {
    throw error
  })

  expect(outcome).toMatchObject({ kind: 'failed', error: { type: 'Error', message: 'Task execution failed: Error' } })
})

it('rejects a result that is not JSON, with the path of the value', async () => {
  using functions = openFunctions()
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic

  const outcome = await functions.run(async () => cyclic)

  expect(outcome).toMatchObject({
    kind: 'failed',
    error: {
      message: 'Task execution failed: TypeError: context.self: it contains itself, which JSON cannot represent',
    },
  })
})

it('aborts the signal of a task at its timeout, and ignores its later result', async () => {
  using functions = openFunctions()
  let reason: unknown
  const running = functions.run(
    (_context, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason
          resolve({ late: true })
        })
      }),
    { deadlineMs: 2_000 },
  )

  await functions.clock.advance(2_000)

  expect(await running).toMatchObject({
    kind: 'timedOut',
    error: { message: "task 'ship' of workflow 'orders' timed out: it exceeded its timeout of 2 s" },
  })
  expect(reason).toMatchObject({ name: 'DeadlineError' })
})

it('gives up a task that does not settle within a second after its timeout, and logs this', async () => {
  using functions = openFunctions()
  const late = Promise.withResolvers<object>()
  const running = functions.run(() => late.promise, { deadlineMs: 2_000 })

  await functions.clock.advance(3_000)
  expect(await running).toMatchObject({ kind: 'timedOut' })
  await functions.clock.advance(200)
  late.resolve({ a: 1 })
  await functions.clock.advance(1)

  expect(functions.notices).toEqual([
    "task 'ship' of workflow 'orders' is still running one second after its signal was aborted. " +
      'The engine no longer waits for the call, and ignores the result',
    "task 'ship' of workflow 'orders' did not stop in time, and has now ended 1200 ms after its limit. " +
      'The result is ignored',
  ])
})

it('logs the later error of a task that was given up, without an unhandled rejection', async () => {
  using functions = openFunctions()
  const late = Promise.withResolvers<object>()
  const running = functions.run(() => late.promise, { deadlineMs: 2_000 })

  await functions.clock.advance(3_000)
  await running
  late.reject(new Error('at last'))
  await functions.clock.advance(1)

  expect(functions.notices.at(-1)).toContain('The error is ignored: Error: at last')
})

it('times out a task that blocks the event loop beyond its timeout', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(
    () => {
      functions.clock.computedMs = 2_001
      return { a: 1 }
    },
    { deadlineMs: 2_000 },
  )

  expect(outcome).toMatchObject({ kind: 'timedOut' })
})

it('cancels only the tasks of a cancelled execution', async () => {
  using functions = openFunctions()
  const wait = (_context: object, { signal }: { readonly signal: AbortSignal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const other = functions.run(wait, { executionId: 'other', deadlineMs: 5_000 })
  const cancelled = functions.run(wait)

  functions.host.cancelTasks(taskRequest().executionId)

  expect(await cancelled).toMatchObject({ kind: 'cancelled', error: { type: 'CancelledError' }, lostScripts: [] })
  await functions.clock.advance(5_000)
  expect(await other).toMatchObject({ kind: 'timedOut' })
})

it('lets a cancelled task complete within one second', async () => {
  using functions = openFunctions()
  const running = functions.run(async (_context, { signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return { shipped: true }
  })

  functions.host.cancelTasks(taskRequest().executionId)

  expect(await running).toEqual({ kind: 'completed', contextText: '{"shipped":true}' })
})

it('gives up a cancelled task that ignores its signal', async () => {
  using functions = openFunctions()
  const running = functions.run(never)

  functions.host.cancelTasks(taskRequest().executionId)
  await functions.clock.advance(1_000)

  expect(await running).toMatchObject({ kind: 'cancelled' })
})

it('does not poll a trigger that does not exist', async () => {
  using functions = openFunctions()

  expect(await functions.host.poll({ script: SCRIPT, trigger: 'gone', deadlineMs: NO_LIMIT_MS })).toEqual({
    kind: 'notStarted',
  })
})

it('releases the slot of a task that waits for a condition, and prints errors of the condition', async () => {
  using functions = openFunctions()
  const moves: string[] = []
  const slot = { release: () => void moves.push('release'), acquire: async () => void moves.push('acquire') }
  const answers = [
    () => false,
    () => {
      throw new Error('not yet')
    },
    () => 1,
    () => true,
  ]
  const running = functions.run(
    async (_context, { deferUntil }) => {
      const asked = (): boolean => {
        moves.push('ask')
        return answers.shift()?.() as boolean
      }
      await deferUntil(asked, { pollEvery: '200ms' })
      return { done: true }
    },
    { slot },
  )

  await functions.clock.advance(199)
  expect(moves).toEqual(['release'])
  await functions.clock.advance(601)

  expect(await running).toEqual({ kind: 'completed', contextText: '{"done":true}' })
  expect(moves).toEqual(['release', 'ask', 'ask', 'ask', 'ask', 'acquire'])
  expect(functions.printed.join('')).toBe('[cloaca] deferUntil condition error: Error: not yet\n')
})

it('ends a wait for a condition at the timeout of the task', async () => {
  using functions = openFunctions()
  const running = functions.run((_context, { deferUntil }) => deferUntil(() => false), { deadlineMs: 1_500 })

  await functions.clock.advance(1_500)

  expect(await running).toMatchObject({ kind: 'timedOut' })
  expect(functions.notices).toEqual([])
})

it.each([
  ['fire()', () => fire(), firedOnce(null)],
  ['fire with a context', () => fire({ a: 1 }), firedOnce('{"a":1}')],
  ['an object', async () => ({ a: 1 }), firedOnce('{"a":1}')],
  ['true', () => true, firedOnce(null)],
  ['false', async () => false, { kind: 'skipped', reason: null }],
  ['skip with a reason', () => skip('nothing new'), { kind: 'skipped', reason: 'nothing new' }],
])('accepts %s as the result of a poll', async (_what, poll, outcome) => {
  using functions = openFunctions()

  expect(await functions.poll(poll)).toEqual(outcome)
})

it('fails a poll that returns an invalid value or throws', async () => {
  using functions = openFunctions()

  expect(await functions.poll(() => 7)).toMatchObject({
    kind: 'failed',
    error: {
      message: expect.stringMatching(
        /^trigger 'inbox' raised exception: TypeError: the function returned 7 \(number\), but must return fire/,
      ),
    },
  })
  expect(await functions.poll(() => Promise.reject(new Error('no network')))).toMatchObject({
    kind: 'failed',
    error: { type: 'Error', message: "trigger 'inbox' raised exception: Error: no network" },
  })
})

it('times out a poll at its timeout', async () => {
  using functions = openFunctions()
  const running = functions.poll(never, 500)

  await functions.clock.advance(1_500)

  expect(await running).toMatchObject({
    kind: 'timedOut',
    error: { message: "trigger 'inbox' timed out: it exceeded its timeout of 0.5 s" },
  })
})

it('treats a poll as not started if it listens to its signal and the runner stops', async () => {
  using functions = openFunctions()
  const stopping = new AbortController()
  const running = functions.poll(
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    NO_LIMIT_MS,
    stopping.signal,
  )

  stopping.abort()

  expect(await running).toEqual({ kind: 'notStarted' })
})

it('calls the callbacks after an attempt, and only prints their errors', async () => {
  using functions = openFunctions()
  const calls: unknown[] = []
  const onSuccess = (task: string, context: object) => {
    calls.push([task, context])
    throw new Error('no mail server')
  }
  const onFailure = async (task: string, error: Error, context: object) =>
    void calls.push([task, error.message, context])

  const good = await functions.run(() => ({ a: 1 }), { onSuccess, onFailure })
  const bad = await functions.run(() => Promise.reject('no luck'), { onSuccess, onFailure, inputText: '{"b":2}' })

  expect(good).toEqual({ kind: 'completed', contextText: '{"a":1}' })
  expect(bad).toMatchObject({ kind: 'failed', error: { type: 'NonErrorThrown' } })
  expect(calls).toEqual([
    ['ship', { a: 1 }],
    ['ship', 'Task execution failed: "no luck" (string) was thrown, which is not an Error', { b: 2 }],
  ])
  expect(functions.printed.join('')).toBe("[cloaca] onSuccess callback failed for task 'ship': Error: no mail server\n")
})

it('times out a task whose callback hangs', async () => {
  using functions = openFunctions()
  const running = functions.run(() => ({ a: 1 }), { onSuccess: never, deadlineMs: 1_000 })

  await functions.clock.advance(2_000)

  expect(await running).toMatchObject({ kind: 'timedOut' })
})

it('does not start a task of a removed workflow, and fails a task that its workflow no longer declares', async () => {
  using functions = openFunctions()
  const ship = () => ({})

  expect(await functions.run(ship, { workflow: 'others' })).toEqual({ kind: 'notStarted', isUnserved: true })
  expect(await functions.run(ship, { script: 'gone.ts' })).toEqual({ kind: 'notStarted', isUnserved: true })
  expect(await functions.run(ship, { taskId: 'pack' })).toMatchObject({
    kind: 'failed',
    error: {
      message: `task 'pack' of workflow 'orders' was not run: script "${SCRIPT}" no longer declares it`,
    },
  })
})
