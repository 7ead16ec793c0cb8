/**
 * Benchmark of limits: throughput under a limit as a share of the limit, and the cost of each slot that becomes free
 * while many executions wait. `BENCH_LINE` sets the number of waiting executions.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../dist/index.js'
import { administer, durablePostgres } from '../support/postgres-server.ts'
import type { Figure } from './figure.ts'
import { BY_NODE, measured } from './measured-program.ts'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const SCRIPT = fileURLToPath(new URL('programs/limited.ts', import.meta.url))
const LINE = Number(process.env.BENCH_LINE ?? 10_000)
const FEW = 500
const SLOTS = 300
const SECONDS = 10
const SHARE_PERCENT = 90
const MORE_MS = 1
const POLL_MS = 100
/** Limits of `programs/limited.ts`, in attempts per second. */
const LIMITS = [
  { workflow: 'slow', what: '8 attempts of 200 ms at a time', perS: 40 },
  { workflow: 'paced', what: '50 attempts in 1 s', perS: 50 },
] as const

export async function limitFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  using server = durablePostgres()
  const newDatabase = async (name: string) => {
    await administer(server.url('postgres'), `CREATE DATABASE ${name}`)
    return server.url(name)
  }
  try {
    return [
      ...(await throughputs('1 engine, SQLite', join(folder, 'one.db'), 1)),
      ...(await throughputs('2 engines, SQLite', join(folder, 'two.db'), 2)),
      ...(await throughputs('3 engines, PostgreSQL', await newDatabase('three'), 3)),
      ...(await costs('SQLite', async (name) => join(folder, `${name}.db`))),
      ...(await costs('PostgreSQL', newDatabase)),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Returns the share of each limit that engines use while executions wait all the time. */
async function throughputs(place: string, database: string, count: number): Promise<readonly Figure[]> {
  await using runner = await Runner.open({ database })
  const engines = Array.from({ length: count }, () => serve(database))
  try {
    await until(async () => (await runner.limits.list()).length > 0)
    const figures: Figure[] = []
    for (const { workflow, what, perS } of LIMITS) {
      const value = (100 * (await completedPerS(runner, workflow, perS))) / perS
      const note = `budget: at least ${SHARE_PERCENT} %`
      figures.push({ name: `${place}: share of ${what}`, value, unit: '%', note })
    }
    return figures
  } finally {
    for (const engine of engines) {
      engine.kill()
      await once(engine, 'exit')
    }
  }
}

function serve(database: string): ChildProcess {
  const words = [CLI, 'serve', SCRIPT, '--no-http', '--concurrency', '16', '--db', database]
  return spawn(process.execPath, words, { stdio: 'ignore' })
}

/** Counts the executions that end in whole windows, after those of the start. */
async function completedPerS(runner: Runner, workflow: string, perS: number): Promise<number> {
  const executions = perS * (SECONDS + 4)
  const ids = await Promise.all(Array.from({ length: executions }, () => runner.workflows.submit(workflow)))
  const isEmpty = async (status: 'Pending' | 'Running') =>
    (await runner.executions.list({ workflow, status, limit: 1 })).length === 0
  await until(async () => (await isEmpty('Pending')) && (await isEmpty('Running')))
  const ended = await Promise.all(ids.map(async (id) => (await runner.executions.get(id)).endedAt ?? Number.NaN))
  ended.sort((one, other) => one - other)
  const [first = 0, last = 0] = [ended[2 * perS], ended[(2 + SECONDS) * perS]]
  return (SECONDS * perS) / ((last - first) / 1_000)
}

/** Compares the processor time of the engine's thread for each slot with a long and a short line. */
async function costs(dialect: string, database: (name: string) => Promise<string>): Promise<readonly Figure[]> {
  const run = async (waiting: number, times: number) =>
    await measured('limited_line.ts', [await database(`line_${waiting}`), waiting, SLOTS, times].map(String), {
      launcher: BY_NODE,
    })
  const few = await run(FEW, 5)
  const many = await run(LINE, 1)
  const [fewMs, manyMs] = [few.number('cpu_ms'), many.number('cpu_ms')]
  const noteOf = ({ number }: typeof few) =>
    `the loop is busy for ${number('loop_ms').toFixed(2)} ms, ${number('wall_ms').toFixed(2)} ms from slot to slot`
  return [
    {
      name: `${dialect}: thread of the engine for a free slot, ${FEW} wait`,
      value: fewMs,
      unit: 'ms',
      note: noteOf(few),
    },
    {
      name: `${dialect}: thread of the engine for a free slot, ${LINE} wait`,
      value: manyMs,
      unit: 'ms',
      note: noteOf(many),
    },
    { name: `${dialect}: more than with ${FEW}`, value: manyMs - fewMs, unit: 'ms', budget: MORE_MS },
    { name: `${dialect}: until ${LINE} executions wait`, value: many.number('fill_ms') / 1_000, unit: 's' },
  ]
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(POLL_MS)
}
