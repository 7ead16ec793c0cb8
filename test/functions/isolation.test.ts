/** Scripts with `isolation = 'worker'`: their failures affect only their worker thread. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'
import type { StartLimit } from '../../src/engine/clock-port.ts'
import type { TaskRequest } from '../../src/engine/ports.ts'
import { UsageError } from '../../src/errors.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { type LogPiece, recordsOfPiece } from '../../src/model/logs/log-record.ts'
import { withGrowingLimit } from '../support/growing-limit.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { NO_MEMORY, NO_VIEW } from '../support/open-host.ts'
import { SkippingClock } from '../support/skipping-clock.ts'
import { ISOLATED_SCRIPT } from './isolated-script.ts'
import { taskRequest } from './open-functions.ts'

/** Time from the deadline of a request to the end of a worker that does not answer. */
const OVERDUE_AFTER_MS = 3_000

/** Clock of the engine. The clock of a worker has real time. */
const clock = new SkippingClock({ keepsProcessAlive: false, onTrouble: () => undefined })
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-isolation-')))
const notices: string[] = []
let scripts: ModuleScripts

beforeAll(async () => {
  const notice = (message: string) => void notices.push(message)
  scripts = new ModuleScripts({
    clock,
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: async (name) => (name === 'db' ? { value: 'hunter2-very-long' } : null),
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice,
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 64, loadDeadlineMs: 100_000 } as const),
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => null,
  })
  expect(await load(ISOLATED_SCRIPT)).toMatchObject({
    fault: null,
    triggers: [
      { name: 'inbox' },
      { name: 'leaves' },
      { name: 'rows', initialStateText: '{"last":0}' },
      { name: 'stuck' },
    ],
  })
})

afterAll(async () => {
  await scripts.close()
  rmSync(folder, { recursive: true })
})

function load(text: string) {
  writeFileSync(join(folder, 'orders.ts'), text)
  return scripts.load('orders.ts', join(folder, 'orders.ts'))
}

function run(taskId: string, request: Partial<TaskRequest> = {}) {
  return scripts.runTask({ ...taskRequest(), script: 'orders.ts', taskId, ...request })
}

/** Runs a task that blocks its thread, and waits until it reads its input, which is just before. */
async function runBlocking(taskId: string, request: Partial<TaskRequest> = {}) {
  const blocks = Promise.withResolvers<void>()
  const view = {
    ...NO_VIEW,
    get inputText() {
      blocks.resolve()
      return '{}'
    },
  }
  const outcome = run(taskId, { ...request, view })
  await blocks.promise
  return { outcome }
}

const left = (taskId: string) => leftBy(taskId)

async function leftBy(taskId: string, request: Partial<TaskRequest> = {}): Promise<Record<string, unknown>> {
  const outcome = await run(taskId, request)
  expect(outcome).toMatchObject({ kind: 'completed' })
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText) : {}
}

function poll(trigger: string, deadlineMs = 20_000) {
  return scripts.poll({ script: 'orders.ts', trigger, deadlineMs })
}

function pollOf(trigger: string, startLimit: StartLimit) {
  return scripts.poll({ script: 'orders.ts', trigger, deadlineMs: 20_000, startLimit })
}

it('polls a trigger with state in the thread, and returns its firings and its state', async () => {
  const request = { script: 'orders.ts', trigger: 'rows', deadlineMs: 60_000 }

  expect(await scripts.poll({ ...request, stateText: '{"last":6}', maxStateBytes: 100 })).toEqual({
    kind: 'fired',
    firings: [{ contextText: '{"id":7}', key: 'row' }],
    isList: true,
    stateText: '{"last":7}',
  })
  expect(await scripts.poll({ ...request, stateText: '{"last":6}', maxStateBytes: 9 })).toMatchObject({
    kind: 'failed',
    error: { message: expect.stringContaining('it has 10 bytes of JSON, but limits.trigger-state allows 9') },
  })
})

it('runs tasks and polls in one thread, which is not the thread of the engine', async () => {
  const { threadId } = await import('node:worker_threads')
  const [one, other] = [await left('where'), await left('where')]

  expect(one).toEqual(other)
  expect(one.thread).not.toBe(threadId)
  expect(await poll('inbox')).toEqual({ kind: 'skipped', reason: 'nothing new' })
})

it('reads the input and the failures of its execution when it uses them', async () => {
  const failed = [{ task: 'fetch', type: 'TypeError', message: 'no rows', attempts: 3 }]
  const view = { ...NO_VIEW, inputText: '{"order_id":7}', failures: () => failed }

  expect(await leftBy('reads', { view })).toEqual({
    input: { order_id: 7 },
    failures: { fetch: { type: 'TypeError', message: 'no rows', attempts: 3 } },
    length: 0,
  })
})

it('reads an input of 4 MiB in a thread with 64 MiB of memory', async () => {
  const text = 'x'.repeat(4 * 1_048_576)
  const view = { ...NO_VIEW, inputText: JSON.stringify({ text }) }

  const outcome = await run('reads', { view })

  expect(outcome.kind).toBe('completed')
  expect(outcome.kind === 'completed' && outcome.contextText.endsWith(`"length":${text.length}}`)).toBe(true)
})

it('stores results with the memory of the engine', async () => {
  const results = new Map<string, string>()
  const memory: TaskRequest['memory'] = {
    ...NO_MEMORY,
    findResult: async (name) => results.get(name) ?? null,
    keepResult: async (name, text) => {
      results.set(name, text)
      return text
    },
  }

  expect(await leftBy('remembers', { memory })).toEqual({
    first: 1,
    second: 1,
    key: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect([...results]).toEqual([['n', '1']])
})

it('waits for a child beyond the time limit of the task, which stands still', async () => {
  const { result } = await withGrowingLimit(
    500,
    async (deadlineMs) => {
      const before = performance.now()
      let begunAfterMs = Number.POSITIVE_INFINITY
      const memory: TaskRequest['memory'] = {
        ...NO_MEMORY,
        runChild: async ({ inputText }, limit) => {
          begunAfterMs = performance.now() - before
          const continueLimit = limit.suspend()
          await clock.skipQuickly(deadlineMs + OVERDUE_AFTER_MS)
          await new Promise((resolve) => setTimeout(resolve, 1.5 * deadlineMs)) // in the worker
          continueLimit()
          const ended = { id: 'c', workflow: 'billing', status: 'Completed', errorMessage: null } as const
          return { kind: 'ended', child: { ...ended, startedAt: 1, endedAt: 2, contextText: inputText } }
        },
      }
      const outcome = await run('parent', { memory, deadlineMs })
      return { outcome, hadTime: begunAfterMs < deadlineMs / 4 }
    },
    // On a busy machine, the task may have too little time left for its end.
    ({ outcome, hadTime }) => outcome.kind === 'completed' || hadTime,
  )

  expect(result.outcome).toEqual({
    kind: 'completed',
    contextText: JSON.stringify({ status: 'Completed', billed: 1, isAborted: false }),
  })
})

it('ends a task as parked, and passes on errors of a child with their codes', async () => {
  expect(await run('parent', { memory: { ...NO_MEMORY, runChild: async () => ({ kind: 'parked' }) } })).toEqual({
    kind: 'parked',
  })
  const runChild = () => Promise.reject(new UsageError('WORKFLOW_NOT_FOUND', 'not found'))
  expect(await leftBy('refused', { memory: { ...NO_MEMORY, runChild } })).toEqual({
    code: 'WORKFLOW_NOT_FOUND',
    name: 'UsageError',
  })
})

it('rejects a use of the input after its function has ended', async () => {
  expect(await left('keeps')).toEqual({})

  expect((await left('reads_late')).thrown).toMatch(/'keeps' of workflow 'orders' has ended, so tools\.input is not/)
})

it('does not call a function that waits for the thread beyond its start limit, unless the limit moves', async () => {
  const limit = () => ({ until: machineNowMs() + 200 })
  const moving = limit()
  const busy = run('computes_a_while')

  const late = [run('where', { startLimit: limit() }), pollOf('inbox', limit())]
  const movedOn = [run('where', { startLimit: moving }), pollOf('inbox', moving)]
  moving.until += 60_000

  expect(await Promise.all(late)).toEqual(late.map(() => ({ kind: 'notStarted', isLate: true })))
  expect((await Promise.all(movedOn)).map(({ kind }) => kind)).toEqual(['completed', 'skipped'])
  expect(await busy).toMatchObject({ kind: 'completed' })
})

it('ends the thread of a task that blocks forever, and does not blame the other tasks of the thread', async () => {
  const innocent = run('waits', { deadlineMs: 10 * LIMIT_MS })
  const hangs = await runBlocking('computes_later', { deadlineMs: LIMIT_MS })
  await clock.skipQuickly(LIMIT_MS + OVERDUE_AFTER_MS)

  expect(await hangs.outcome).toMatchObject({
    kind: 'timedOut',
    error: { message: "task 'computes_later' of workflow 'orders' timed out: it exceeded its timeout of 120 s" },
  })
  expect(await innocent).toMatchObject({
    kind: 'lost',
    error: {
      type: 'WorkerDied',
      message: expect.stringContaining("Cause: task 'computes_later' of workflow 'orders'."),
    },
  })
  expect(await left('where')).toMatchObject({ value: 'first' })
  expect(notices.at(-1)).toMatch(
    /^The worker of script "orders\.ts" ended: task 'computes_later' .* A new worker starts\.$/,
  )
})

it('does not blame a poll that waits for a blocking task', async () => {
  const computes = await runBlocking('computes', { deadlineMs: 2 * LIMIT_MS })
  const behind = poll('inbox', LIMIT_MS)
  await clock.skipQuickly(LIMIT_MS + OVERDUE_AFTER_MS)

  expect(await behind).toMatchObject({ kind: 'timedOut' })
  expect(scripts.underWay()).toEqual(["task 'computes' of workflow 'orders'"])
  await clock.skipQuickly(LIMIT_MS)
  expect(await computes.outcome).toMatchObject({ kind: 'timedOut' })
})

it('ends the thread of a poll that blocks forever', async () => {
  await left('where') // because a poll that waits for its thread has no time limit yet
  const stuck = poll('stuck', 50)
  await clock.skipQuickly(50 + OVERDUE_AFTER_MS)

  expect(await stuck).toMatchObject({
    kind: 'timedOut',
    error: { message: "trigger 'stuck' timed out: it exceeded its timeout of 0.05 s" },
  })
  expect(await poll('inbox')).toMatchObject({ kind: 'skipped' })
})

it('cancels a task that listens to its signal, and a task that blocks', async () => {
  const listens = run('waits', { executionId: 'one' })
  scripts.cancelTasks('one')
  expect(await listens).toMatchObject({ kind: 'cancelled', lostScripts: [] })

  const computes = await runBlocking('computes_later', { executionId: 'other' })
  scripts.cancelTasks('other')
  await clock.skipQuickly(OVERDUE_AFTER_MS)
  expect(await computes.outcome).toMatchObject({ kind: 'cancelled', lostScripts: ['orders.ts'] })
})

it('starts a new thread after a task that exceeds the memory limit', async () => {
  expect(await run('eats')).toMatchObject({
    kind: 'lost',
    error: {
      message:
        'The worker of script "orders.ts" ended: it reached its memory limit of 64 MiB. ' +
        "Cause: task 'eats' of workflow 'orders'.",
    },
  })
  expect(await left('where')).toMatchObject({ value: 'first' })
})

it('fails a task or poll that tries to end its thread or the process, and keeps the thread', async () => {
  const { thread } = await left('where')
  const patient = run('patient')

  for (const [taskId, exitCode] of [
    ['exits', 7],
    ['kills', 137],
    ['aborts', 134],
  ] as const) {
    expect(await run(taskId)).toMatchObject({
      kind: 'failed',
      isFinal: true,
      error: { type: 'PROCESS_EXIT', message: expect.stringContaining(` with exit code ${exitCode}: `) },
    })
  }
  expect(await poll('leaves')).toMatchObject({ kind: 'failed', error: { type: 'PROCESS_EXIT' } })
  expect(await patient).toMatchObject({ kind: 'completed' })
  expect(await left('where')).toMatchObject({ thread })
})

it('passes slots, secrets and logs between the engine and the thread', async () => {
  const moves: string[] = []
  const slot = { release: () => void moves.push('release'), acquire: async () => void moves.push('acquire') }
  expect(await run('defers', { slot, attempt: 3 })).toEqual({ kind: 'completed', contextText: '{"attempt":3}' })
  expect(moves).toEqual(['release', 'acquire'])

  const records: unknown[] = []
  const log = (piece: LogPiece) => void records.push(...recordsOfPiece(piece))
  expect(await run('secret', { log })).toEqual({ kind: 'completed', contextText: '{"length":17}' })
  expect(records).toMatchObject([
    { stream: 'stdout', message: 'got ***' },
    { stream: 'log', message: 'done' },
  ])
})

it('fails only the attempt that leaves an unhandled rejection', async () => {
  const [patient, guilty] = await Promise.all([run('patient'), run('background')])

  expect(patient).toMatchObject({ kind: 'completed' })
  expect(guilty).toMatchObject({
    kind: 'failed',
    error: { message: 'Task execution failed in the background: Error: left behind' },
  })
})

it('logs an error outside of tasks and polls with file and line, and keeps the thread', async () => {
  const failing = `
setTimeout(() => { throw new Error('in a timer') }, 100)
setTimeout(() => void Promise.reject('in a promise'), 100)
`
  expect(await load(ISOLATED_SCRIPT + failing)).toMatchObject({ fault: null })

  expect(await run('loose')).toMatchObject({ kind: 'completed' })
  const line = ISOLATED_SCRIPT.split('\n').length + 1
  expect(notices.slice(-2)).toEqual([
    `uncaught exception outside of tasks and polls (${join(folder, 'orders.ts')}, line ${line}): Error: in a timer`,
    'unhandled rejection outside of tasks and polls: "in a promise" (string) was thrown, which is not an Error',
  ])
})

it('loads a changed script in another thread, while the old thread completes its tasks', async () => {
  const before = await left('where')
  const patient = run('patient')
  await load(ISOLATED_SCRIPT.replace("'first'", "'second'"))

  const after = await left('where')
  expect(after).toMatchObject({ value: 'second' })
  expect(after.thread).not.toBe(before.thread)
  expect(await patient).toMatchObject({ kind: 'completed' })

  expect(await load(`${ISOLATED_SCRIPT}\nexport const x: = 1`)).toMatchObject({
    fault: { type: 'SyntaxError', place: { file: join(folder, 'orders.ts') } },
  })
  expect(await left('where')).toMatchObject({ value: 'second' })
})

it('rejects a default function, and an isolation that is not declared on its own line', async () => {
  expect(await load(`export const isolation = 'worker'\nexport default () => undefined`)).toMatchObject({
    fault: { message: expect.stringContaining('cannot receive the runner') },
  })
  expect(await load(`const wanted = 'worker'\nexport const isolation = wanted`)).toMatchObject({
    fault: { message: expect.stringContaining('must be declared on a line of its own') },
  })
})
