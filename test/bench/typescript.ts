/** Benchmark of TypeScript functions: in chains, alone and mixed with Python, and in polls that skip. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { FunctionHost } from '../../src/functions/function-host.ts'
import { Runner } from '../../src/index.ts'
import type { Figure } from './figure.ts'

const TASKS = 100
const WARM_UP_RUNS = 20
const RUNS = 30
const POLLS = 200_000

/** Returns a chain of tasks that set one key each. Every `nth` task is in TypeScript, and the others are in Python. */
function chain(name: string, nth: number): string {
  const tasks = Array.from({ length: TASKS }, (_, index) => {
    const after = index === 0 ? '' : `after: 't${index - 1}', `
    if (nth > 0 && index % nth === 0) return `.task('t${index}', { ${after}}, () => ({ k${index % 5}: ${index} }))`
    return `.task('t${index}', { ${after}python: { script: 'parts.py', task: 't${index}' } })`
  })
  return `export const ${name} = (workflow('${name}') as any)${tasks.join('')}\n`
}

const PARTS = `
import cloaca
with cloaca.WorkflowBuilder("python_chain"):
    before = []
    for index in range(${TASKS}):
        def body(ctx, index=index):
            ctx[f"k{index % 5}"] = index
            return ctx
        cloaca.task(id=f"t{index}", dependencies=list(before))(body)
        before = [f"t{index}"]
`

export async function typescriptFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    const script = join(folder, 'chains.ts')
    writeFileSync(
      script,
      `import { workflow } from 'cloaca'\n${chain('typescript_chain', 1)}${chain('mixed_chain', 2)}`,
    )
    writeFileSync(join(folder, 'parts.py'), PARTS)
    await using runner = await Runner.open({ database: join(folder, 'bench.db'), durability: 'normal' })
    await runner.loadAll([script, join(folder, 'parts.py')])
    const [typescript = 0] = await interleaved(runner, ['typescript_chain'])
    const [python = 0, mixed = 0, beside = 0] = await interleaved(runner, [
      'python_chain',
      'mixed_chain',
      'typescript_chain',
    ])
    return [
      { name: 'chain of 100 TypeScript tasks, per task', value: typescript * 1_000, unit: 'µs', budget: 60 },
      { name: 'the same, by turns with the two below', value: beside * 1_000, unit: 'µs' },
      { name: 'chain of 100 Python tasks, per task', value: python * 1_000, unit: 'µs' },
      { name: 'chain of both by turns, per task', value: mixed * 1_000, unit: 'µs', budget: python * 1_200 },
      await pollFigure(),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the median milliseconds per task of each workflow. They take turns, so that other load affects all alike. */
async function interleaved(runner: Runner, workflows: readonly string[]): Promise<readonly number[]> {
  const walls = new Map(workflows.map((name) => [name, [] as number[]]))
  for (let run = 0; run < RUNS + WARM_UP_RUNS; run++) {
    for (const name of workflows) {
      const begunAt = performance.now()
      const { status } = await runner.execute(name)
      if (status !== 'Completed') throw new Error(`"${name}" ended as ${status}.`)
      if (run >= WARM_UP_RUNS) walls.get(name)?.push((performance.now() - begunAt) / TASKS)
    }
  }
  const median = (name: string) => (walls.get(name) ?? []).sort((a, b) => a - b)[RUNS / 2] ?? 0
  return workflows.map(median)
}

/** Measures the processor time of the host for a poll that skips, without the scheduler. */
async function pollFigure(): Promise<Figure> {
  const host = new FunctionHost({
    clock: new SystemClock({ keepsProcessAlive: false }),
    secrets: null,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: () => undefined,
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
  })
  const trigger = { poll: async () => false, checkFired: null, stateText: null, onChange: false }
  host.use('inbox.ts', { tasks: new Map(), triggers: new Map([['inbox', trigger]]), inputs: new Map() })
  const request = { script: 'inbox.ts', trigger: 'inbox', deadlineMs: 5_000 }
  const poll = async (times: number) => {
    for (let each = 0; each < times; each++) await host.poll(request)
  }
  await poll(POLLS / 10)
  const before = process.cpuUsage()
  await poll(POLLS)
  const { user, system } = process.cpuUsage(before)
  host.close()
  return {
    name: 'skipping poll of a TypeScript trigger',
    value: (user + system) / POLLS,
    unit: 'µs',
    budget: 3,
    note: 'processor time of the host',
  }
}
