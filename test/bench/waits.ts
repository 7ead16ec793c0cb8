/**
 * Benchmark of nodes that wait: memory of 100,000 open waits, the time from a signal to the start of the next task, and
 * the lateness of delays. `BENCH_WAITS` and `BENCH_SIGNALS` set the numbers of waits and samples.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../src/index.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { ServedHttp } from '../support/served-http.ts'
import type { Figure } from './figure.ts'
import { BY_NODE, type Launcher, measured } from './measured-program.ts'

const WAITS = Number(process.env.BENCH_WAITS ?? 100_000)
const WARM_UP = 10
const SAMPLES = Number(process.env.BENCH_SIGNALS ?? 300)
const LANGUAGES = ['typescript', 'python'] as const
const SCRIPTS = ['waiting.ts', 'waiting.py'].map((name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url)))
const COLLECTING: Launcher = { ...BY_NODE, command: [process.execPath, '--expose-gc'] }
/** Time between two samples, so that each of them meets an idle engine. */
const PAUSE_MS = 30
const DELAY_MS = 500
const MEMORY_MB = 20
const SERVING_MS = 20
const OTHER_PROCESS_MS = 600
const LATE_MS = 50

export async function waitFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    return [...(await memoryFigures(folder)), ...(await nodeFigures(folder)), ...(await servedFigures())]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Compares executions that wait with executions without nodes, started by the engine's process and by another one, and
 * an engine that starts with open waits. Much of the growth remains from starting many executions.
 */
async function memoryFigures(folder: string): Promise<Figure[]> {
  const program = (name: string, workflow: string, executions: number, starter = 'own') =>
    measured('open_waits.ts', [join(folder, name), workflow, String(executions), starter], { launcher: COLLECTING })
  const growth = async (name: string, workflow: string, starter: string, budget?: number): Promise<Figure> => {
    const { number } = await program(`${workflow}-${starter}.db`, workflow, WAITS, starter)
    const [heap, resident] = [number('heap_mb_growth').toFixed(1), number('resident_mb_growth').toFixed(0)]
    const note = `heap ${heap} MB, resident ${resident} MB, ${number('started_s').toFixed(0)} s`
    const value = number('anonymous_mb_growth')
    return { name: `${WAITS} ${name}: growth`, value, unit: 'MB', ...(budget !== undefined && { budget }), note }
  }
  const figures = [
    await growth('waits', 'month', 'own'),
    await growth('executions without nodes', 'plain', 'own'),
    await growth('waits of executions of another process', 'month', 'other', MEMORY_MB),
    await growth('executions without nodes of another process', 'plain', 'other'),
  ]
  const [restarted, empty] = [await program('month-own.db', 'month', 0), await program('empty.db', 'month', 0)]
  const value = restarted.number('anonymous_mb') - empty.number('anonymous_mb')
  const heap = (restarted.number('heap_mb') - empty.number('heap_mb')).toFixed(1)
  const name = `start of an engine with more than ${WAITS} open waits, more than without`
  return [...figures, { name, value, unit: 'MB', budget: MEMORY_MB, note: `heap ${heap} MB` }]
}

/** Measures the serving process: its own signals, and delays. */
async function nodeFigures(folder: string): Promise<Figure[]> {
  await using runner = await Runner.open({ database: join(folder, 'node.db') })
  await runner.loadAll(SCRIPTS)
  await runner.start()
  const figures: Figure[] = []
  for (const language of LANGUAGES) {
    const signals = await signalSamples(runner, `signalled_${language}`, (key) => runner.signal('go', { key }))
    figures.push(...percentiles(`signal by Node → ${language} task begins`, signals, SERVING_MS))
    figures.push(
      ...percentiles(`${language} task begins late after a delay`, await delaySamples(runner, language), LATE_MS),
    )
  }
  return figures
}

/** Measures signals to `cloaca serve` by HTTP, and by another process on the same database. */
async function servedFigures(): Promise<Figure[]> {
  await using terminal = new Terminal()
  const served = terminal.start(['serve', ...SCRIPTS, '--db', 'sqlite://served.db', '--port', '0'])
  const http = await ServedHttp.of(served)
  await using runner = await Runner.open({ database: join(terminal.folder, 'served.db') })
  const post = (key: string) => http.post('/signals/go', { key })
  const figures: Figure[] = []
  for (const language of LANGUAGES) {
    const workflow = `signalled_${language}`
    const byHttp = await signalSamples(runner, workflow, post)
    figures.push(...percentiles(`signal by HTTP → ${language} task begins`, byHttp, SERVING_MS))
    const byOther = await signalSamples(runner, workflow, (key) => runner.signal('go', { key }))
    figures.push(...percentiles(`signal by another process → ${language} task begins`, byOther, OTHER_PROCESS_MS))
  }
  return figures
}

let lastKey = 0

/** Returns the milliseconds from each signal until the next task begins. */
async function signalSamples(
  runner: Runner,
  workflow: string,
  send: (key: string) => Promise<unknown>,
): Promise<readonly number[]> {
  const keys = Array.from({ length: WARM_UP + SAMPLES }, () => String(++lastKey))
  const ids = await Promise.all(keys.map((n) => runner.workflows.submit(workflow, { n })))
  await untilAll(ids, async (id) => (await runner.executions.get(id)).tasks[0]?.status === 'Waiting')
  const sentAt: number[] = []
  for (const key of keys) {
    sentAt.push(performance.timeOrigin + performance.now())
    await send(key)
    await sleep(PAUSE_MS)
  }
  const begun = await begunTimes(runner, ids)
  return begun.map((at, index) => at - (sentAt[index] ?? Number.NaN)).slice(WARM_UP)
}

/** Returns the milliseconds from the end of each delay until the next task begins. */
async function delaySamples(runner: Runner, language: string): Promise<readonly number[]> {
  const ids: string[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    ids.push(await runner.workflows.submit(`delayed_${language}`))
    await sleep(PAUSE_MS / 2)
  }
  const begun = await begunTimes(runner, ids)
  const nodes = await Promise.all(ids.map(async (id) => (await runner.executions.get(id)).tasks[0]))
  return begun.map((at, index) => at - ((nodes[index]?.startedAt ?? Number.NaN) + DELAY_MS))
}

async function begunTimes(runner: Runner, ids: readonly string[]): Promise<readonly number[]> {
  await untilAll(ids, async (id) => (await runner.executions.get(id)).status === 'Completed')
  return await Promise.all(
    ids.map(async (id) => {
      const { begun } = JSON.parse(await runner.executions.contextText(id)) as { readonly begun: number }
      return begun
    }),
  )
}

async function untilAll(ids: readonly string[], isSo: (id: string) => Promise<boolean>): Promise<void> {
  for (const id of ids) while (!(await isSo(id))) await sleep(10)
}

function percentiles(name: string, samples: readonly number[], budget: number): Figure[] {
  const sorted = samples.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
  return [
    { name: `${name}, p50`, value: at(0.5), unit: 'ms' },
    { name: `${name}, p99`, value: at(0.99), unit: 'ms', budget, note: `slowest ${at(1).toFixed(1)} ms` },
  ]
}
