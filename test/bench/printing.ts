/**
 * Benchmark of a million lines printed into a pipe: wall time of the program, and processor time of its parts. With
 * `PYTHONUNBUFFERED`, each `print` makes two system calls, also in CPython.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Figure } from './figure.ts'
import { BY_CLOACA, byPython, CLI, type Launcher, measured, PROGRAMS, runProgram } from './measured-program.ts'

const EXECUTABLE = process.env.BENCH_PYTHON ?? 'python3'
const WHOLE_RUNS = 5
const OUTPUT_BUDGET_S = 1.5

export async function printFigures(): Promise<Figure[]> {
  const python = byPython(EXECUTABLE)
  return [
    await wholeProgram(),
    ...(await partsOf('Pyodide', BY_CLOACA, '', OUTPUT_BUDGET_S)),
    ...(await partsOf('CPython', python, '')),
    ...(await partsOf('Pyodide, unbuffered', BY_CLOACA, '1')),
    ...(await partsOf('CPython, unbuffered', python, '1')),
    ...(await servedFigures('pyodide')),
    ...(await servedFigures(EXECUTABLE)),
  ]
}

/** Measures a task of `cloaca serve` that prints 300,000 lines and flushes each line. */
async function servedFigures(python: string): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  const result = join(folder, 'result.json')
  const args = [CLI, 'serve', join(PROGRAMS, 'printing_task.py'), '--db', join(folder, 'served.db'), '--python', python]
  const server = spawn(process.execPath, args, { env: { ...process.env, BENCH_RESULT: result } })
  server.stdout.resume()
  server.stderr.resume()
  try {
    while (!existsSync(result)) await setTimeout(100)
    const { wall_s, cpu_s } = JSON.parse(readFileSync(result, 'utf8')) as { wall_s: number; cpu_s: number }
    const name = `300,000 lines of a served task, ${python === 'pyodide' ? 'Pyodide' : 'CPython'}`
    return [
      { name: `${name}: wall time`, value: wall_s, unit: 's' },
      { name: `${name}: processor time`, value: cpu_s, unit: 's', note: 'of the process of the interpreter' },
    ]
  } finally {
    server.kill()
    await once(server, 'close')
    rmSync(folder, { recursive: true })
  }
}

async function wholeProgram(): Promise<Figure> {
  const code = 'for number in range(1_000_000): print(number)'
  const walls: number[] = []
  for (let run = 0; run < WHOLE_RUNS; run++) {
    walls.push((await runProgram(['-c', code], { environ: { PYTHONUNBUFFERED: '' } })).wallMs)
  }
  const value = Math.min(...walls) / 1000
  return { name: 'a million printed lines into a pipe, start included', value, unit: 's', budget: 1.5 }
}

async function partsOf(kind: string, launcher: Launcher, unbuffered: string, budget?: number): Promise<Figure[]> {
  const { number } = await measured('printed.py', [], { launcher, environ: { PYTHONUNBUFFERED: unbuffered } })
  return [
    { name: `a million lines, ${kind}: the loop without output`, value: number('loop_s'), unit: 's' },
    { name: `a million lines, ${kind}: text layer`, value: number('text_s'), unit: 's' },
    { name: `a million lines, ${kind}: from there to the pipe`, value: number('way_s'), unit: 's' },
    {
      name: `a million lines, ${kind}: output in all`,
      value: number('output_s'),
      unit: 's',
      ...(budget !== undefined && { budget }),
      note: 'processor time, without the loop',
    },
  ]
}
