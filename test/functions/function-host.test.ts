import { expect, it } from 'vitest'
import { fire, skip } from '../../src/authoring/answers.ts'
import { NO_LIMIT_MS, openFunctions, SCRIPT, taskRequest } from './open-functions.ts'

const never = () => new Promise<never>(() => undefined)

it('hands a task its context, and stores what it returns beside it', async () => {
  using functions = openFunctions()

  const outcome = await functions.run(({ order_id }) => ({ double: Number(order_id) * 2 }), {
    inputText: '{"order_id":7,"price":1.0}',
  })

  expect(outcome).toEqual({ kind: 'completed', contextText: '{"order_id":7,"price":1.0,"double":14}' })
})

it('tells a task who it is', async () => {
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

it('lets nobody change a context, and says what to do instead', async () => {
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

it('fails an attempt with what it throws, its causes and its file', async () => {
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
  ['a text', 'no luck', '"no luck" (string)'],
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
])('fails an attempt that throws %s, and shows it', async (_what, thrown, shown) => {
  using functions = openFunctions()

  const outcome = await functions.run(() => {
    throw thrown
  })

  const message = `Task execution failed: ${shown} was thrown, which is not an Error`
  expect(outcome).toEqual({ kind: 'failed', error: { type: 'NonErrorThrown', message, traceback: '' } })
})

it('takes an error that cannot be read for what it is', async () => {
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

it('refuses a result that is no JSON, with the path', async () => {
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

it('aborts the signal of a task at its limit, and takes its time-out from then on whatever it returns', async () => {
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

it('gives up a task that never settles a second after its limit, and says so', async () => {
  using functions = openFunctions()
  const late = Promise.withResolvers<object>()
  const running = functions.run(() => late.promise, { deadlineMs: 2_000 })

  await functions.clock.advance(3_000)
  expect(await running).toMatchObject({ kind: 'timedOut' })
  await functions.clock.advance(200)
  late.resolve({ a: 1 })
  await functions.clock.advance(1)

  expect(functions.notices).toEqual([
    "task 'ship' of workflow 'orders' is still running one second after its signal was aborted. The engine no longer waits for the call, and ignores the result",
    "task 'ship' of workflow 'orders' did not stop in time, and has now ended 1200 ms after its limit. The result is ignored",
  ])
})

it('has not left a rejection behind where a task fails after it was given up', async () => {
  using functions = openFunctions()
  const late = Promise.withResolvers<object>()
  const running = functions.run(() => late.promise, { deadlineMs: 2_000 })

  await functions.clock.advance(3_000)
  await running
  late.reject(new Error('at last'))
  await functions.clock.advance(1)

  expect(functions.notices.at(-1)).toContain('The error is ignored: Error: at last')
})

it('counts the time of a task that computes beyond its limit', async () => {
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

it('stops what runs of an execution that is cancelled, and nothing else', async () => {
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

it('lets a cancelled task complete that is done within the second', async () => {
  using functions = openFunctions()
  const running = functions.run(async (_context, { signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return { shipped: true }
  })

  functions.host.cancelTasks(taskRequest().executionId)

  expect(await running).toEqual({ kind: 'completed', contextText: '{"shipped":true}' })
})

it('gives up a cancelled task that does not listen', async () => {
  using functions = openFunctions()
  const running = functions.run(never)

  functions.host.cancelTasks(taskRequest().executionId)
  await functions.clock.advance(1_000)

  expect(await running).toMatchObject({ kind: 'cancelled' })
})

it('does not enter a trigger that is not there', async () => {
  using functions = openFunctions()

  expect(await functions.host.poll({ script: SCRIPT, trigger: 'gone', deadlineMs: NO_LIMIT_MS })).toEqual({
    kind: 'notEntered',
  })
})

it('lets a task wait for a condition without its slot, and prints what the condition throws', async () => {
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

it('ends a wait for a condition with the limit of its task', async () => {
  using functions = openFunctions()
  const running = functions.run((_context, { deferUntil }) => deferUntil(() => false), { deadlineMs: 1_500 })

  await functions.clock.advance(1_500)

  expect(await running).toMatchObject({ kind: 'timedOut' })
  expect(functions.notices).toEqual([])
})

it.each([
  ['fire()', () => fire(), { kind: 'fired', contextText: null }],
  ['fire with a context', () => fire({ a: 1 }), { kind: 'fired', contextText: '{"a":1}' }],
  ['an object', async () => ({ a: 1 }), { kind: 'fired', contextText: '{"a":1}' }],
  ['true', () => true, { kind: 'fired', contextText: null }],
  ['false', async () => false, { kind: 'skipped', reason: null }],
  ['skip with a reason', () => skip('nothing new'), { kind: 'skipped', reason: 'nothing new' }],
])('takes %s as the answer of a trigger', async (_what, poll, outcome) => {
  using functions = openFunctions()

  expect(await functions.poll(poll)).toEqual(outcome)
})

it('fails a poll that answers something else, or throws', async () => {
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

it('stops a poll at its limit', async () => {
  using functions = openFunctions()
  const running = functions.poll(never, 500)

  await functions.clock.advance(1_500)

  expect(await running).toMatchObject({
    kind: 'timedOut',
    error: { message: "trigger 'inbox' timed out: it exceeded its timeout of 0.5 s" },
  })
})

it('ends a poll that listens when the runner stops, as if it had not been made', async () => {
  using functions = openFunctions()
  const stopping = new AbortController()
  const running = functions.poll(
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    NO_LIMIT_MS,
    stopping.signal,
  )

  stopping.abort()

  expect(await running).toEqual({ kind: 'notEntered' })
})

it('calls back after an attempt, and is not changed by what callbacks throw', async () => {
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

it('counts a callback that hangs towards the limit', async () => {
  using functions = openFunctions()
  const running = functions.run(() => ({ a: 1 }), { onSuccess: never, deadlineMs: 1_000 })

  await functions.clock.advance(2_000)

  expect(await running).toMatchObject({ kind: 'timedOut' })
})

it('does not enter a task whose workflow it does not have any more, and fails one that a workflow has lost', async () => {
  using functions = openFunctions()
  const ship = () => ({})

  expect(await functions.run(ship, { workflow: 'others' })).toEqual({ kind: 'notEntered', isUnserved: true })
  expect(await functions.run(ship, { script: 'gone.ts' })).toEqual({ kind: 'notEntered', isUnserved: true })
  expect(await functions.run(ship, { taskId: 'pack' })).toMatchObject({
    kind: 'failed',
    error: {
      message: `task 'pack' of workflow 'orders' was not run: script "${SCRIPT}" no longer declares it`,
    },
  })
})
