/** Scripts that ask for a worker: what they do to it, they do to nobody else. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { machineNowMs } from '../../src/border/machine-clock.ts'
import { SystemClock } from '../../src/engine/clock.ts'
import type { StartLimit, TaskRequest, Timer } from '../../src/engine/ports.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { type LogPiece, recordsOfPiece } from '../../src/model/log.ts'
import { taskRequest } from './open-functions.ts'

/** Time on the engine's side passes five times as fast as in a worker. */
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
import { skip, trigger, workflow } from 'cloaca'

export const isolation = 'worker'

export const orders = workflow('orders')
  .task('where', () => ({ thread: threadId, value: 'first' }))
  .task('computes', () => { for (;;); })
  .task('computes_a_while', () => { const end = performance.now() + 600; while (performance.now() < end); })
  .task('computes_later', async () => { await sleep(5); await null; for (;;); })
  .task('waits', (_context, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))
  .task('patient', async () => { await sleep(200); return { patient: true } })
  .task('eats', () => { const eaten = []; for (;;) eaten.push(new Array(100_000).fill(1)) })
  .task('exits', () => process.exit(7))
  .task('kills', () => process.kill(process.pid, 'SIGKILL'))
  .task('aborts', async () => { await sleep(1); process.abort() })
  .task('loose', async () => { await sleep(400); return { loose: true } })
  .task('defers', async (_context, { deferUntil, attempt }) => { await deferUntil(() => true, { pollEvery: '1ms' }); return { attempt } })
  .task('secret', async (_context, { secret, log }) => { const { value } = await secret('db'); console.log('got', value); log.info('done'); return { length: value.length } })
  .task('background', async () => { void Promise.reject(new Error('left behind')); await sleep(50) })
export const inbox = trigger('inbox', { every: '1s', starts: orders }, () => skip('nothing new'))
export const leaves = trigger('leaves', { every: '1s', starts: orders }, () => process.exit(8))
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
    triggers: [{ name: 'inbox' }, { name: 'leaves' }, { name: 'stuck' }],
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

async function left(taskId: string): Promise<Record<string, unknown>> {
  const outcome = await run(taskId)
  expect(outcome).toMatchObject({ kind: 'completed' })
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText) : {}
}

function poll(trigger: string, deadlineMs = 20_000) {
  return scripts.poll({ script: 'orders.ts', trigger, deadlineMs })
}

function pollOf(trigger: string, startLimit: StartLimit) {
  return scripts.poll({ script: 'orders.ts', trigger, deadlineMs: 20_000, startLimit })
}

it('runs in a thread that is not that of the engine, as the same script every time', async () => {
  const { threadId } = await import('node:worker_threads')
  const [one, other] = [await left('where'), await left('where')]

  expect(one).toEqual(other)
  expect(one.thread).not.toBe(threadId)
  expect(await poll('inbox')).toEqual({ kind: 'skipped', reason: 'nothing new' })
})

it('does not call a function that waited for the thread past its start limit, unless the limit has moved', async () => {
  const limit = () => ({ until: machineNowMs() + 200 })
  const moving = limit()
  const busy = run('computes_a_while')

  const late = [run('where', { startLimit: limit() }), pollOf('inbox', limit())]
  const movedOn = [run('where', { startLimit: moving }), pollOf('inbox', moving)]
  moving.until += 60_000

  expect(await Promise.all(late)).toEqual(late.map(() => ({ kind: 'notEntered', isLate: true })))
  expect((await Promise.all(movedOn)).map(({ kind }) => kind)).toEqual(['completed', 'skipped'])
  expect(await busy).toMatchObject({ kind: 'completed' })
})

it('ends the thread of a task that computes for ever, and tells the others apart', async () => {
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

it('does not blame a poll that waits behind a task that computes', async () => {
  const computes = run('computes', { deadlineMs: 4_500 })
  const behind = poll('inbox', 50)

  expect(await behind).toMatchObject({ kind: 'timedOut' })
  expect(scripts.underWay()).toEqual(["task 'computes' of workflow 'orders'"])
  expect(await computes).toMatchObject({ kind: 'timedOut' })
})

it('ends the thread of a poll that computes for ever', async () => {
  expect(await poll('stuck', 50)).toMatchObject({
    kind: 'timedOut',
    error: { message: "trigger 'stuck' timed out: it exceeded its timeout of 0.05 s" },
  })
  expect(await poll('inbox')).toMatchObject({ kind: 'skipped' })
})

it('stops a task that is cancelled: one that listens, and one that computes', async () => {
  const [listens, computes] = [run('waits', { executionId: 'one' }), run('computes_later', { executionId: 'other' })]
  scripts.cancelTasks('one')
  expect(await listens).toMatchObject({ kind: 'cancelled', lostScripts: [] })

  scripts.cancelTasks('other')
  expect(await computes).toMatchObject({ kind: 'cancelled', lostScripts: ['orders.ts'] })
})

it('survives a task that takes all memory', async () => {
  expect(await run('eats')).toMatchObject({
    kind: 'lost',
    error: {
      message:
        "The worker of script \"orders.ts\" ended: it reached its memory limit of 64 MiB. Cause: task 'eats' of workflow 'orders'.",
    },
  })
  expect(await left('where')).toMatchObject({ value: 'first' })
})

it('fails a task or poll that would end its thread or the process, and keeps the thread', async () => {
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

it('hands slots, secrets and logs across', async () => {
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

it('fails the attempt that leaves a rejection behind, and no other', async () => {
  const [patient, guilty] = await Promise.all([run('patient'), run('background')])

  expect(patient).toMatchObject({ kind: 'completed' })
  expect(guilty).toMatchObject({
    kind: 'failed',
    error: { message: 'Task execution failed in the background: Error: left behind' },
  })
})

it('logs what fails outside of tasks and polls with file and line, and keeps the thread', async () => {
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

it('is loaded anew in another thread, while what runs in the old one ends', async () => {
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

it('refuses a default function, and an isolation that has no effect', async () => {
  expect(await load(`export const isolation = 'worker'\nexport default () => undefined`)).toMatchObject({
    fault: { message: expect.stringContaining('cannot receive the runner') },
  })
  expect(await load(`const wanted = 'worker'\nexport const isolation = wanted`)).toMatchObject({
    fault: { message: expect.stringContaining('must be declared on a line of its own') },
  })
})
