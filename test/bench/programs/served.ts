/**
 * Times an engine in Node that loads the scripts `declared.py` and `skipping_triggers.py`. Prints the figures as JSON.
 *
 * Arguments: the executable of a CPython or `pyodide`, the number of triggers, the seconds of polling, and `true` to
 * time executions as well.
 */

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../../dist/index.js'
import { childrenOf, residentMbOf } from '../measured-program.ts'

const [executable = 'pyodide', triggers = '10', seconds = '2', executes = 'true'] = process.argv.slice(2)
const WARM_UP_MS = 2_000
const CLOCK_TICKS_PER_S = 100

process.env.BENCH_TRIGGERS = triggers
const python = executable === 'pyodide' ? ({ kind: 'pyodide' } as const) : ({ kind: 'cpython', executable } as const)
const programPath = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const begin = performance.now()
await using runner = await Runner.open({
  database: ':memory:',
  durability: 'normal',
  config: { maxConcurrentTasks: 64 },
  python,
})
await runner.load(programPath('declared.py'))
const loadedS = (performance.now() - begin) / 1000
await runner.load(programPath('skipping_triggers.py'))
await runner.start()

await sleep(WARM_UP_MS)
const residentMb = residentMbOf(process.pid) ?? Number.NaN
const [pollsBefore, computedBeforeS] = [await polls(), computedS()]
await sleep(Number(seconds) * 1000)
const figures = {
  loaded_s: loadedS,
  resident_mb: residentMb,
  cpu_s: computedS() - computedBeforeS,
  polls: (await polls()) - pollsBefore,
  ...(executes === 'true' && (await executeFigures())),
}
console.log(JSON.stringify(figures))

async function executeFigures() {
  const small = { n: 1 }
  const large = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, 'x'.repeat(1000)]))
  const oneMs = await medianMs('one', small, 300, 700)
  return {
    one_ms: oneMs,
    chain_task_ms: (await medianMs('chain', small, 10, 10)) / 100,
    fan_tasks_per_s: 1000 / ((await medianMs('fan', small, 5, 3)) / 1000),
    large_ms: (await medianMs('one', large, 20, 20)) - oneMs,
  }
}

async function medianMs(workflow: string, context: object, times: number, warmUp: number): Promise<number> {
  for (let run = 0; run < warmUp; run++) await runner.execute(workflow, context as never)
  const timed: number[] = []
  for (let run = 0; run < times; run++) {
    const from = performance.now()
    await runner.execute(workflow, context as never)
    timed.push(performance.now() - from)
  }
  return timed.toSorted((one, other) => one - other)[times >> 1] ?? Number.NaN
}

async function polls(): Promise<number> {
  return Number((await runner.execute('count', {})).context.polls)
}

/** Returns the processor time of the engine and its interpreter. */
function computedS(): number {
  let ticks = 0
  for (const pid of [process.pid, ...childrenOf(process.pid)]) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / CLOCK_TICKS_PER_S
}
