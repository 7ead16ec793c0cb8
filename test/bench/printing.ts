/**
 * Benchmark of a million lines printed into a pipe: wall time of the program, and processor time of its parts. With
 * `PYTHONUNBUFFERED`, each `print` makes two system calls, also in CPython.
 */

import type { Figure } from './figure.ts'
import { BY_CLOACA, byPython, type Launcher, measured, runProgram } from './measured-program.ts'

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
  ]
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
