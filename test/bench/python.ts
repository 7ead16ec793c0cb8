/**
 * Benchmark of Pyodide against the system's CPython: with programs (in CPython the engine is a child of the program),
 * with scripts that an engine in Node serves, and with pure Python code.
 *
 * `BENCH_PYTHON` is the executable, by default `python3`.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Figure } from './figure.ts'
import { BY_CLOACA, BY_NODE, byPython, type Launcher, measured, runProgram } from './measured-program.ts'

const EXECUTABLE = process.env.BENCH_PYTHON ?? 'python3'
const NORMAL = { CLOACA_DURABILITY: 'normal' }
const STARTS = 7
const TURNS = 4
const POLL_SECONDS = 6
const TRIGGERS = 10_000
const FEW_TRIGGERS = 10

export async function pythonFigures(): Promise<Figure[]> {
  return [
    ...(await programFigures('program in Pyodide', BY_CLOACA)),
    ...(await programFigures('program in python', byPython(EXECUTABLE), { firstRunner: 0.4 })),
    ...(await servedFigures('served in Pyodide', 'pyodide')),
    ...(await servedFigures('served in CPython', EXECUTABLE)),
    ...(await pureFigures()),
  ]
}

/** Returns the figures of programs that a user starts, measured in Python. */
async function programFigures(
  kind: string,
  launcher: Launcher,
  budgets: { readonly firstRunner?: number } = {},
): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    const executes = await measured('execute.py', [join(folder, 'executes.db')], { launcher, environ: NORMAL })
    const firing = await measured('firing.py', [], { launcher })
    const few = await measured('polls.py', [String(FEW_TRIGGERS), '2', '0'], { launcher, samplesMemory: true })
    const many = await measured('polls.py', [String(TRIGGERS), String(POLL_SECONDS), '0'], { launcher })
    const opened = await startsOf(launcher)
    return [
      ...executeRows(kind, executes),
      { name: `${kind}: firing to start of its first task, p50`, value: firing.number('p50_ms'), unit: 'ms' },
      ...pollRows(kind, many),
      { name: `${kind}: memory (PSS) with its engine`, value: few.residentMb, unit: 'MB' },
      { name: `${kind}: run of an empty script, p50`, value: opened.emptyS, unit: 's' },
      { name: `${kind}: run of a script that opens a runner, p50`, value: opened.wholeS, unit: 's' },
      {
        name: `${kind}: opening of the first runner, p50`,
        value: opened.firstRunnerS,
        unit: 's',
        ...(budgets.firstRunner !== undefined && { budget: budgets.firstRunner }),
      },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Numbers = Pick<Awaited<ReturnType<typeof measured>>, 'number'>

function executeRows(kind: string, { number }: Numbers): Figure[] {
  return [
    { name: `${kind}: execute of one task, p50`, value: number('one_ms'), unit: 'ms' },
    { name: `${kind}: chain of 100 tasks, per task`, value: number('chain_task_ms'), unit: 'ms' },
    { name: `${kind}: fan-out of 1,000 tasks`, value: number('fan_tasks_per_s'), unit: 'tasks/s' },
    { name: `${kind}: 1 MB context beyond the empty one`, value: number('large_ms'), unit: 'ms' },
  ]
}

function pollRows(kind: string, { number }: Numbers): Figure[] {
  return [
    {
      name: `${kind}: overhead of one skipping poll`,
      value: (number('cpu_s') * 1e6) / number('polls'),
      unit: 'µs',
      note: `processor time of engine and Python; ${Math.round(number('polls') / POLL_SECONDS)} polls a second`,
    },
  ]
}

async function startsOf(launcher: Launcher) {
  const starts = { emptyS: [] as number[], wholeS: [] as number[], firstRunnerS: [] as number[] }
  // The first run fills caches.
  for (let run = 0; run <= STARTS; run++) {
    const empty = await runProgram(['-c', 'pass'], { launcher })
    const whole = await measured('first_runner.py', [], { launcher })
    if (run === 0) continue
    starts.emptyS.push(empty.wallMs / 1000)
    starts.wholeS.push(whole.wallMs / 1000)
    starts.firstRunnerS.push(whole.number('opened_s'))
  }
  return {
    emptyS: medianOf(starts.emptyS),
    wholeS: medianOf(starts.wholeS),
    firstRunnerS: medianOf(starts.firstRunnerS),
  }
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

/** Returns the figures of scripts that an engine in Node has loaded, measured in Node. */
async function servedFigures(kind: string, python: string): Promise<Figure[]> {
  const sampling = { launcher: BY_NODE }
  const few = await measured('served.ts', [python, String(FEW_TRIGGERS), '1', 'true'], sampling)
  const many = await measured('served.ts', [python, String(TRIGGERS), String(POLL_SECONDS), 'false'], sampling)
  const loaded: number[] = []
  for (let run = 0; run < STARTS; run++) {
    loaded.push((await measured('served.ts', [python, '0', '0', 'false'], sampling)).number('loaded_s'))
  }
  return [
    ...executeRows(kind, few),
    ...pollRows(kind, many),
    { name: `${kind}: memory (PSS) with its engine`, value: few.number('resident_mb'), unit: 'MB' },
    { name: `${kind}: opening of an engine with a script, p50`, value: medianOf(loaded), unit: 's' },
  ]
}

/** Returns the figures of pure Python code. Each row names its version, because Pyodide and CPython usually differ. */
export async function pureFigures(): Promise<Figure[]> {
  const machines: Numbers[] = []
  const pyodides: Numbers[] = []
  // Both take turns, so that other load on the machine affects both.
  for (let turn = 0; turn < TURNS; turn++) {
    machines.push(await measured('pure_work.py', [], { launcher: byPython(EXECUTABLE) }))
    pyodides.push(await measured('pure_work.py', []))
  }
  const machine = leastOf(machines)
  const pyodide = leastOf(pyodides)
  const version = execFileSync(EXECUTABLE, ['-c', 'import platform; print(platform.python_version())'])
    .toString()
    .trim()
  const rows: Figure[] = []
  for (const [name, key] of [
    ['JSON of 1.7 MB written', 'dumps_ms'],
    ['JSON of 1.7 MB read', 'loads_ms'],
    ['loop of 3,000,000 rounds', 'loop_ms'],
    ['150,000 calls of a function', 'calls_ms'],
    ['sort of 500,000 floats', 'sort_ms'],
    ['regular expression over 140 KB', 'regex_ms'],
  ] as const) {
    const [inMachine, inPyodide] = [machine(key), pyodide(key)]
    const times = `${(inPyodide / inMachine).toFixed(1)} times that of CPython ${version}`
    rows.push({ name: `${name}: Pyodide (3.${pyodide('minor')})`, value: inPyodide, unit: 'ms', note: times })
    rows.push({ name: `${name}: CPython (${version})`, value: inMachine, unit: 'ms' })
  }
  return rows
}

function leastOf(runs: readonly Numbers[]): (name: string) => number {
  return (name) => Math.min(...runs.map(({ number }) => number(name)))
}
