/** Benchmark of events: from their push to the end of a graph, and to the first task of a workflow. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Runner } from '../../src/index.ts'
import type { Figure } from './figure.ts'

const SCRIPT = join(import.meta.dirname, 'programs', 'graph_events.py')
const EVENTS = 20_000
const WINDOW = 2_000
const PINGS = 200

export async function graphFigures(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    return [
      await throughput('events to the end of a graph, in memory', ':memory:', 'normal', folder, 20_000),
      await throughput('events to the end of a graph, stored', join(folder, 'a.db'), 'normal', folder, 5_000),
      await throughput('the same, durability full', join(folder, 'b.db'), 'full', folder, 5_000),
      ...(await latency('normal', join(folder, 'c.db'), folder, 3)),
      ...(await latency('full', join(folder, 'd.db'), folder, 12)),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function open(database: string, durability: 'normal' | 'full'): Promise<Runner> {
  const runner = await Runner.open({ database, durability })
  await runner.load(SCRIPT)
  await runner.start()
  await runner.sources.push('bench_events', { n: 0 })
  await sleep(1_000)
  return runner
}

/** Measures the events per second that reach the end of a graph, with concurrent pushes as on a busy server. */
async function throughput(
  name: string,
  database: string,
  durability: 'normal' | 'full',
  folder: string,
  budget: number,
): Promise<Figure> {
  await using runner = await open(database, durability)
  const rates: number[] = []
  for (let round = 0; round < 3; round++) {
    const end = join(folder, `end-${durability}-${round}-${database === ':memory:'}`)
    const beganAt = Date.now()
    for (let sent = 0; sent < EVENTS; sent += WINDOW) {
      const pushes = Array.from({ length: WINDOW }, (_, index) => {
        const n = sent + index
        return runner.sources.push('bench_events', n === EVENTS - 1 ? { n, end } : { n })
      })
      await Promise.all(pushes)
    }
    rates.push(EVENTS / (((await writtenAt(end)) - beganAt) / 1_000))
  }
  return { name, value: quantile(rates, 0.5), unit: '/s', budget, note: 'median of three rounds' }
}

async function latency(durability: 'normal' | 'full', database: string, folder: string, budget: number) {
  await using runner = await open(database, durability)
  await runner.reactors.subscribe('bench_latency', 'bench_started')
  const times: number[] = []
  for (let ping = 0; ping < PINGS + 20; ping++) {
    const file = join(folder, `ping-${durability}-${ping}`)
    const beganAt = performance.timeOrigin + performance.now()
    await runner.sources.push('bench_pings', { file })
    times.push((await writtenAt(file)) - beganAt)
    await sleep(5)
  }
  const warm = times.slice(20)
  const name = `push to first task, durability ${durability}`
  return [
    { name: `${name}, p50`, value: quantile(warm, 0.5), unit: 'ms', budget },
    { name: `${name}, p99`, value: quantile(warm, 0.99), unit: 'ms' },
  ]
}

/** Waits until a program has written a time into a file, and returns it as wall time in milliseconds. */
async function writtenAt(file: string): Promise<number> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text !== '') return Number(text) * 1_000
    await sleep(1)
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
