/**
 * Figures of programs that run as a user runs them: each program is a separate process, started from the command line,
 * that prints its figures as JSON.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figure } from './figure.ts'
import { measured, runProgram } from './measured-program.ts'

/** Measures the cost of storing the output of tasks. */
export async function logFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    const environ = { CLOACA_DURABILITY: 'normal' }
    const run = await measured('logs.py', [join(folder, 'logs.db')], { environ })
    return [
      { name: 'fan-out of tasks that print 10 lines', value: run.number('kept_per_s'), unit: 'tasks/s' },
      { name: 'cost of their logs', value: run.number('cost_percent'), unit: '%', budget: 10 },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function executeFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    const normal = await measured('execute.py', [join(folder, 'normal.db')], {
      environ: { CLOACA_DURABILITY: 'normal' },
    })
    const full = await measured('execute.py', [join(folder, 'full.db')], { environ: { CLOACA_DURABILITY: 'full' } })
    return [
      { name: 'execute of one task, p50, durability normal', value: normal.number('one_ms'), unit: 'ms', budget: 0.9 },
      { name: 'execute of one task, p50, durability full', value: full.number('one_ms'), unit: 'ms', budget: 2.5 },
      { name: 'chain of 100 tasks, per task', value: normal.number('chain_task_ms'), unit: 'ms', budget: 0.25 },
      { name: 'fan-out of 1,000 tasks', value: normal.number('fan_tasks_per_s'), unit: 'tasks/s', budget: 20_000 },
      { name: '1 MB context beyond the empty one', value: normal.number('large_ms'), unit: 'ms', budget: 10 },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export async function pollFigures(): Promise<Figure[]> {
  const seconds = 8
  const firing = await measured('firing.py', [])
  const few = await measured('polls.py', ['10', String(seconds), '0'])
  const small = await measured('polls.py', ['10', '2', '0'], { samplesMemory: true })
  const large = await measured('polls.py', ['10000', '2', '0'], { samplesMemory: true })
  const hung = await measured('polls.py', ['10', String(seconds), '30'])
  const many = await measured('polls.py', ['10000', String(seconds), '0'])
  return [
    { name: 'firing to start of its first task, p50', value: firing.number('p50_ms'), unit: 'ms', budget: 2 },
    {
      name: 'overhead of one skipping poll',
      value: (many.number('cpu_s') * 1e6) / many.number('polls'),
      unit: 'µs',
      budget: 15,
      note: 'processor time of engine and interpreter',
    },
    { name: '10,000 triggers every second: lateness p99', value: many.number('p99_ms'), unit: 'ms', budget: 100 },
    {
      name: '10,000 triggers every second: share of one core',
      value: (100 * many.number('cpu_s')) / seconds,
      unit: '%',
      budget: 15,
    },
    {
      name: 'a poll that hangs adds to the others, p99',
      value: hung.number('p99_ms') - few.number('p99_ms'),
      unit: 'ms',
      budget: 20,
    },
    { name: 'memory (PSS) of engine and one interpreter', value: small.residentMb, unit: 'MB', budget: 300 },
    {
      name: 'memory per further trigger',
      value: ((large.residentMb - small.residentMb) * 1000) / 9990,
      unit: 'KB',
      budget: 2,
    },
  ]
}

export async function startFigures(): Promise<Figure[]> {
  await runProgram(['-c', 'pass'])
  const walls: number[] = []
  for (let run = 0; run < 7; run++) walls.push((await runProgram(['-c', 'pass'])).wallMs)
  walls.sort((a, b) => a - b)
  return [{ name: 'run of an empty script, p50', value: (walls[3] ?? Number.NaN) / 1000, unit: 's', budget: 0.5 }]
}
