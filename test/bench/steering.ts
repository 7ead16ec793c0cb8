/**
 * Benchmark of operations that people wait for: the cancellation of tasks that wait or compute in different ways, and
 * filtered lists of executions in a large database.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../src/index.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { SCHEMA } from '../../src/store/sqlite/schema/sqlite-schema.ts'
import type { Figure } from './figure.ts'

const PROGRAM = fileURLToPath(new URL('programs/cancelled.py', import.meta.url))
const WAITS = {
  sleep: 'sleeps',
  computes: 'computes',
  lock: 'waits for a lock',
  receives: 'receives',
  awaits: 'awaits',
}
const CANCELS = 100
const EXECUTIONS = 500_000
const LIST_WITHIN_MS = 50

export async function steeringFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    return [...(await cancelFigures()), ...(await listFigures(join(folder, 'many.db')))]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Measures the time from a cancel to its result, which is returned when the end of the execution is stored. */
async function cancelFigures(): Promise<Figure[]> {
  await using runner = await Runner.open({ database: ':memory:', durability: 'normal' })
  await runner.load(PROGRAM)
  await runner.start()
  const figures: Figure[] = []
  for (const [wait, does] of Object.entries(WAITS)) {
    const samples: number[] = []
    for (let cancel = 0; cancel < CANCELS; cancel++) {
      const started = Promise.withResolvers<void>()
      const stopListening = runner.on('taskStarted', () => setTimeout(started.resolve, 20))
      const id = await runner.workflows.submit(wait)
      await started.promise
      stopListening()
      const begin = performance.now()
      await runner.executions.cancel(id)
      samples.push(performance.now() - begin)
    }
    samples.sort((one, other) => one - other)
    const name = `cancel of a task that ${does}`
    figures.push({ name: `${name}, p50`, value: samples[CANCELS / 2] ?? Number.NaN, unit: 'ms' })
    figures.push({ name: `${name}, slowest of ${CANCELS}`, value: samples.at(-1) ?? Number.NaN, unit: 'ms' })
  }
  return figures
}

async function listFigures(path: string): Promise<Figure[]> {
  fillWithExecutions(path)
  await using runner = await Runner.open({ database: `sqlite://${path}`, readOnly: true })
  const sinceAt = instantOf(EXECUTIONS / 2)
  const filters = {
    none: {},
    workflow: { workflow: 'w3' },
    'a rare workflow, completed': { workflow: 'rare', status: 'Completed' },
    'failed of a workflow': { workflow: 'w4', status: 'Failed' },
    'failed by a trigger since': { trigger: 't3', status: 'Failed', sinceAt },
    'paused, of which there is none': { status: 'Paused' },
  } as const
  const figures: Figure[] = []
  for (const [name, filter] of Object.entries(filters)) {
    const samples: number[] = []
    for (let run = 0; run < 5; run++) {
      const begin = performance.now()
      await runner.executions.list({ limit: 20, ...filter })
      samples.push(performance.now() - begin)
    }
    const value = samples.sort((one, other) => one - other)[2] ?? Number.NaN
    figures.push({ name: `list of 500,000 executions: ${name}`, value, unit: 'ms', budget: LIST_WITHIN_MS })
  }
  return [...figures, ...(await countFigures(runner))]
}

/** Measures the counts and trends that the page requests repeatedly. */
async function countFigures(runner: Runner): Promise<Figure[]> {
  const untilAt = instantOf(EXECUTIONS)
  const reads: Readonly<Record<string, () => Promise<unknown>>> = {
    'counts by status': () => runner.executions.counts(),
    'counts by status of a workflow': () => runner.executions.counts({ workflow: 'w3' }),
    'trend of a day': () => runner.executions.trend({ sinceAt: untilAt - 86_400_000, untilAt }),
    'trend of all, 500 bars': () => runner.executions.trend({ sinceAt: instantOf(0), untilAt, bars: 500 }),
    'trend of a workflow': () => runner.executions.trend({ sinceAt: instantOf(0), untilAt, workflow: 'w3' }),
  }
  const figures: Figure[] = []
  for (const [name, read] of Object.entries(reads)) {
    const samples: number[] = []
    for (let run = 0; run < 5; run++) {
      const begin = performance.now()
      await read()
      samples.push(performance.now() - begin)
    }
    const value = samples.sort((one, other) => one - other)[2] ?? Number.NaN
    figures.push({ name: `of 500,000 executions: ${name}`, value, unit: 'ms', budget: LIST_WITHIN_MS })
  }
  return figures
}

function instantOf(index: number): number {
  return 1_700_000_000_000 + index * 1_000
}

export function fillWithExecutions(path: string): void {
  const connection = new Connection(path)
  SCHEMA.migrate(connection, 0)
  connection.atomically(() => {
    for (let index = 0; index < EXECUTIONS; index++) {
      connection.run(
        `INSERT INTO executions (id, workflow, version, status, origin, origin_source, created_at, started_at, ended_at)
         VALUES (?, ?, '0123456789abcdef', ?, ?, ?, ?, ?, ?)`,
        crypto.randomUUID(),
        index < 50 ? 'rare' : `w${index % 10}`,
        index % 100 === 0 ? 'Failed' : 'Completed',
        index % 3 === 0 ? 'call' : 'trigger',
        index % 3 === 0 ? null : `t${index % 7}`,
        instantOf(index),
        instantOf(index),
        instantOf(index),
      )
    }
    connection.run("INSERT INTO execution_inputs (execution_seq, context) SELECT seq, '{}' FROM executions")
  })
  connection.close()
}
