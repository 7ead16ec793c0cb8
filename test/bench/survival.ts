/**
 * Benchmark of interpreters that die or hang: time until each end of a channel notices the loss of the other, effect of
 * the first and of later hangs on other scripts, and growth of an engine after 200 restarts.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../src/index.ts'
import { heldBy } from '../support/held-resources.ts'
import { OpenHost } from '../support/open-host.ts'
import type { Figure } from './figure.ts'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const ISOLATION = fileURLToPath(new URL('../host/isolation.py', import.meta.url))
const DEATHS = 10
const RESTARTS = Number(process.env.BENCH_RESTARTS ?? 200)
const WARM_UP_RESTARTS = 20
const HUNG_WITHIN_MS = 300
const LEARNS_WITHIN_MS = 100
const POLL_DEADLINE_MS = 5_000
const POLL_EVERY_MS = 200
const OBSERVED_MS = Number(process.env.BENCH_QUARANTINE_MS ?? 60_000)

export async function survivalFigures(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const part of [deathFigures, orphanFigures, hangFigures, restartFigures]) figures.push(...(await part()))
  return figures
}

/** Measures the time from the kill of an interpreter until its poll fails. */
async function deathFigures(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const state of ['sleeps', 'computes']) {
    const samples: number[] = []
    for (let death = 0; death < DEATHS; death++) {
      await using python = await OpenHost.open([ISOLATION])
      const pid = await pidOf(python)
      const underWay = python.poll(ISOLATION, state)
      await sleep(HUNG_WITHIN_MS)
      const begin = performance.now()
      process.kill(pid, 'SIGKILL')
      await underWay
      samples.push(performance.now() - begin)
    }
    figures.push(slowest(`interpreter killed while it ${state} → its engine knows`, samples))
  }
  return figures
}

const HANGS: Readonly<Record<string, string>> = {
  waits: 'import time; time.sleep(600)',
  computes: 'while True: pass',
  'computes in C': 'import collections, itertools; collections.deque(itertools.count(), maxlen=0)',
  'matches a pattern without end': 'import re; re.match("(a+)+$", "a" * 64 + "b")',
}

/** Measures the time from the kill of an engine until the process of its interpreter has ended. */
async function orphanFigures(): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [state, code] of Object.entries(HANGS)) {
    const samples: number[] = []
    for (let death = 0; death < DEATHS; death++) {
      const program = `import os\nprint(os.getpid(), flush=True)\n${code}`
      const engine = spawn(process.execPath, [CLI, 'run', '-c', program], { stdio: ['ignore', 'pipe', 'inherit'] })
      const pid = await new Promise<number>((resolve) => engine.stdout.once('data', (text) => resolve(Number(text))))
      await sleep(HUNG_WITHIN_MS)
      samples.push(await msUntilEnd(engine, pid))
    }
    figures.push(slowest(`engine killed while its interpreter ${state} → that ends`, samples))
  }
  const samples: number[] = []
  for (let death = 0; death < 4 * DEATHS; death++) {
    const engine = spawn(process.execPath, [CLI, 'run', '-c', 'pass'], { stdio: 'ignore' })
    let pid: number | undefined
    while (pid === undefined && engine.exitCode === null) {
      await sleep(1)
      pid = childrenOf(Number(engine.pid))[0]
    }
    await sleep(death * 8) // another point of the start in each round
    if (pid !== undefined) samples.push(await msUntilEnd(engine, pid))
  }
  figures.push(slowest('engine killed while its interpreter starts → that ends', samples))
  return figures
}

async function msUntilEnd(engine: ReturnType<typeof spawn>, pid: number): Promise<number> {
  const begin = performance.now()
  engine.kill('SIGKILL')
  while (isRunning(pid)) await sleep(1)
  return performance.now() - begin
}

/** Measures four scripts in one interpreter. One of them hangs in C in each poll from the third on. */
async function hangFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  const names = ['hangs', 'one', 'two', 'three']
  for (const name of names) writeFileSync(join(folder, `${name}.py`), scriptOf(name))
  const runner = await Runner.open({ database: ':memory:', config: { pollDeadlineMs: POLL_DEADLINE_MS } })
  const polls = new Map(names.map((name) => [name, [] as number[]]))
  let hungAt = Number.POSITIVE_INFINITY
  let aloneAt = Number.POSITIVE_INFINITY
  let lost = 0
  runner.on('tick', ({ trigger, outcome }) => {
    if (outcome === 'skipped') polls.get(trigger)?.push(performance.now())
    const isLastGood = trigger === 'hangs' && outcome === 'skipped' && polls.get('hangs')?.length === 2
    if (isLastGood) hungAt = performance.now() + POLL_EVERY_MS
  })
  runner.on('triggerFailed', ({ trigger }) => {
    if (trigger !== 'hangs') lost += 1
  })
  runner.on('scriptQuarantined', () => (aloneAt = Math.min(aloneAt, performance.now())))
  try {
    await runner.loadAll([folder])
    await runner.start()
    while (aloneAt === Number.POSITIVE_INFINITY) await sleep(100)
    await sleep(2_000) // time for the start of the new interpreter
    const from = performance.now()
    await sleep(OBSERVED_MS)
    const others = names.filter((name) => name !== 'hangs').map((name) => polls.get(name) ?? [])
    const gap = Math.max(...others.map((each) => (each.find((at) => at > aloneAt) ?? 0) - hungAt))
    const share = Math.min(
      ...others.map((each) => each.filter((at) => at >= from).length / (OBSERVED_MS / POLL_EVERY_MS)),
    )
    return [
      { name: 'first hang in C: the others get no poll for', value: gap, unit: 'ms', budget: POLL_DEADLINE_MS + 5_000 },
      { name: 'first hang in C: polls of the others that are lost', value: lost, unit: 'polls' },
      { name: 'after it: polls that each of the others gets, at least', value: share * 100, unit: '%', budget: 90 },
    ]
  } finally {
    await runner.close({ graceMs: 0 })
    rmSync(folder, { recursive: true })
  }
}

function scriptOf(name: string): string {
  const hang = name === 'hangs' ? 'if polls > 2: collections.deque(itertools.count(), maxlen=0)' : 'pass'
  return `import collections, itertools
import cloaca
polls = 0
@cloaca.trigger("work_${name}", poll_interval="${POLL_EVERY_MS}ms", name="${name}")
def poll():
    global polls
    polls += 1
    ${hang}
    return cloaca.TriggerResult.skip()
with cloaca.WorkflowBuilder("work_${name}"):
    @cloaca.task()
    def task_${name}(context):
        return context
`
}

/** Kills an interpreter repeatedly, and returns the growth of the engine's resources since the first restarts. */
async function restartFigures(): Promise<Figure[]> {
  await using python = await OpenHost.open([ISOLATION])
  const restart = async () => {
    const { length } = python.notices
    process.kill(await pidOf(python), 'SIGKILL')
    // A poll before the engine notices the death would be blamed for it.
    while (python.notices.length === length) await sleep(1)
  }
  for (let count = 0; count < WARM_UP_RESTARTS; count++) await restart()
  await pidOf(python)
  const before = heldBy()
  const begin = performance.now()
  for (let count = 0; count < RESTARTS; count++) await restart()
  await pidOf(python)
  const restartMs = (performance.now() - begin) / RESTARTS
  const after: Readonly<Record<string, number>> = { ...heldBy() }
  return [
    { name: 'interpreter killed → another one is there', value: restartMs, unit: 'ms' },
    ...Object.entries(before).map(([what, amount]) => ({
      name: `${RESTARTS} restarts: growth of the engine's ${what}`,
      value: (after[what] ?? Number.NaN) - amount,
      unit: what.endsWith('Mib') ? 'MiB' : '',
    })),
  ]
}

async function pidOf(python: OpenHost): Promise<number> {
  const outcome = await python.poll(ISOLATION, 'pid')
  if (outcome.kind !== 'fired') throw new Error(`The poll was to fire, but: ${JSON.stringify(outcome)}`)
  return Number(JSON.parse(outcome.firings[0]?.contextText ?? '{}').pid)
}

function slowest(name: string, samples: readonly number[]): Figure {
  return {
    name,
    value: Math.max(...samples),
    unit: 'ms',
    budget: LEARNS_WITHIN_MS,
    note: `slowest of ${samples.length}`,
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
