/** Scripts with `isolation = 'worker'`: their failures affect only their worker thread. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'
import type { StartLimit, Timer } from '../../src/engine/clock-port.ts'
import type { TaskRequest } from '../../src/engine/ports.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { UsageError } from '../../src/errors.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { type LogPiece, recordsOfPiece } from '../../src/model/logs/log-record.ts'
import { NO_MEMORY, NO_VIEW } from '../support/open-host.ts'
import { taskRequest } from './open-functions.ts'

/** Clock of the engine that runs five times as fast as the clock of a worker. */
class HurriedClock extends SystemClock {
  override wakeAfter(delayMs: number, callback: () => void): Timer {
    return super.wakeAfter(delayMs / 5, callback)
  }
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-isolation-')))
const notices: string[] = []
let scripts: ModuleScripts

const SCRIPT = `
import { threadId } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import { fire, skip, trigger, workflow } from 'cloaca'

export const isolation = 'worker'

export const orders = workflow('orders')
  .task('where', () => ({ thread: threadId, value: 'first' }))
  .task('computes', () => { for (;;); })
  .task('computes_a_while', () => { const end = performance.now() + 600; while (performance.now() < end); })
  .task('computes_later', async () => { await sleep(5); await null; for (;;); })
  .task('waits', (_context, { signal }) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  }))
  .task('patient', async () => { await sleep(200); return { patient: true } })
  .task('eats', () => { const eaten = []; for (;;) eaten.push(new Array(100_000).fill(1)) })
  .task('exits', () => process.exit(7))
  .task('kills', () => process.kill(process.pid, 'SIGKILL'))
  .task('aborts', async () => { await sleep(1); process.abort() })
  .task('loose', async () => { await sleep(400); return { loose: true } })
  .task('defers', async (_context, { deferUntil, attempt }) => {
    await deferUntil(() => true, { pollEvery: '1ms' })
    return { attempt }
  })
  .task('reads', (_context, { input, failures }) => ({ input, failures, length: String(input.text ?? '').length }))
  .task('remembers', async (_context, { once, key }) => ({
    first: await once('n', () => 1),
    second: await once('n', () => 2),
    key: key('n'),
  }))
  .task('parent', async (_context, { run, signal }) => {
    const child = await run('billing', { n: 1 }, { key: 'bill' })
    return { status: child.status, billed: child.context.n, isAborted: signal.aborted }
  })
  .task('refused', async (_context, { run }) => {
    const error = await run('bilding', {}, { key: 'bill' }).catch((thrown) => thrown)
    return { code: error.code, name: error.name }
  })
  .task('keeps', (_context, tools) => { globalThis.kept = tools })
  .task('reads_late', () => {
    try {
      return { read: globalThis.kept.input }
    } catch (thrown) {
      return { thrown: thrown.message }
    }
  })
  .task('secret', async (_context, { secret, log }) => {
    const { value } = await secret('db')
    console.log('got', value)
    log.info('done')
    return { length: value.length }
  })
  .task('background', async () => { void Promise.reject(new Error('left behind')); await sleep(50) })
export const inbox = trigger('inbox', { every: '1s', starts: orders }, () => skip('nothing new'))
export const leaves = trigger('leaves', { every: '1s', starts: orders }, () => process.exit(8))
export const rows = trigger('rows', { every: '1s', starts: orders, state: { last: 0 } }, ({ state }) => {
  state.last += 1
  return [fire({ id: state.last }, { key: 'row' })]
})
export const stuck = trigger('stuck', { every: '1s', starts: orders }, () => { for (;;); })
`

beforeAll(async () => {
  const notice = (message: string) => void notices.push(message)
  scripts = new ModuleScripts({
    clock: new HurriedClock({ keepsProcessAlive: false, onTrouble: () => undefined }),
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: async (name) => (name === 'db' ? { value: 'hunter2-very-long' } : null),
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice,
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 64, loadDeadlineMs: 100_000 } as const),
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => null,
  })
  expect(await load(SCRIPT)).toMatchObject({
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
  const memory: TaskRequest['memory'] = {
    ...NO_MEMORY,
    runChild: async ({ inputText }, limit) => {
      const continueLimit = limit.suspend()
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      continueLimit()
      const ended = { id: 'c', workflow: 'billing', status: 'Completed', errorMessage: null } as const
      return { kind: 'ended', child: { ...ended, startedAt: 1, endedAt: 2, contextText: inputText } }
    },
  }

  const left = await leftBy('parent', { memory, deadlineMs: 300 })

  expect(left).toEqual({ status: 'Completed', billed: 1, isAborted: false })
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
  const hangs = run('computes_later', { deadlineMs: 100 })
  const innocent = run('waits')

  expect(await hangs).toMatchObject({
    kind: 'timedOut',
    error: { message: "task 'computes_later' of workflow 'orders' timed out: it exceeded its timeout of 0.1 s" },
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
  const computes = run('computes', { deadlineMs: 4_500 })
  const behind = poll('inbox', 50)

  expect(await behind).toMatchObject({ kind: 'timedOut' })
  expect(scripts.underWay()).toEqual(["task 'computes' of workflow 'orders'"])
  expect(await computes).toMatchObject({ kind: 'timedOut' })
})

it('ends the thread of a poll that blocks forever', async () => {
  expect(await poll('stuck', 50)).toMatchObject({
    kind: 'timedOut',
    error: { message: "trigger 'stuck' timed out: it exceeded its timeout of 0.05 s" },
  })
  expect(await poll('inbox')).toMatchObject({ kind: 'skipped' })
})

it('cancels a task that listens to its signal, and a task that blocks', async () => {
  const [listens, computes] = [run('waits', { executionId: 'one' }), run('computes_later', { executionId: 'other' })]
  scripts.cancelTasks('one')
  expect(await listens).toMatchObject({ kind: 'cancelled', lostScripts: [] })

  scripts.cancelTasks('other')
  expect(await computes).toMatchObject({ kind: 'cancelled', lostScripts: ['orders.ts'] })
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
  expect(await load(SCRIPT + failing)).toMatchObject({ fault: null })

  expect(await run('loose')).toMatchObject({ kind: 'completed' })
  const line = SCRIPT.split('\n').length + 1
  expect(notices.slice(-2)).toEqual([
    `uncaught exception outside of tasks and polls (${join(folder, 'orders.ts')}, line ${line}): Error: in a timer`,
    'unhandled rejection outside of tasks and polls: "in a promise" (string) was thrown, which is not an Error',
  ])
})

it('loads a changed script in another thread, while the old thread completes its tasks', async () => {
  const before = await left('where')
  const patient = run('patient')
  await load(SCRIPT.replace("'first'", "'second'"))

  const after = await left('where')
  expect(after).toMatchObject({ value: 'second' })
  expect(after.thread).not.toBe(before.thread)
  expect(await patient).toMatchObject({ kind: 'completed' })

  expect(await load(`${SCRIPT}\nexport const x: = 1`)).toMatchObject({
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
