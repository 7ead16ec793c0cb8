/**
 * Repeated kills of engines that receive events: each accepted event causes one firing and one execution, and a graph
 * runs at most once per event. Also an engine that starts with 100,000 waiting events. `GRAPH_KILLS` sets the number of
 * kills.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Runner } from '../../src/index.ts'
import { MAIN } from '../support/main-path.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'

const SCRIPT = fileURLToPath(new URL('counted.py', import.meta.url))
const KILLS = Number(process.env.GRAPH_KILLS ?? 4)
/** Limit for slow machines, which take longer to start an engine and would otherwise receive more events. */
const MAX_EVENTS_PER_KILL = 500
const WAITING = 100_000
const QUIET_WITHIN_MS = 240_000
const LIMIT_MS = 480_000

let folder: string
const engines = new Set<ChildProcess>()
const releases: (() => Promise<void>)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-graphs-'))
})
afterEach(async () => {
  for (const engine of engines) engine.kill('SIGKILL')
  engines.clear()
  for (const release of releases.splice(0)) await release()
  rmSync(folder, { recursive: true, force: true })
})

async function postgresUrl(): Promise<string> {
  const proxy = await PostgresProxy.open()
  releases.push(() => proxy[Symbol.asyncDispose]())
  return proxy.database.url
}

const sqliteUrl = async () => join(folder, 'counted.db')

async function startEngine(url: string): Promise<ChildProcess> {
  const engine = spawn(process.execPath, [MAIN, 'serve', SCRIPT, '--no-http'], {
    env: { ...process.env, CLOACA_DATABASE_URL: url, GRAPHS_JOURNAL: join(folder, 'journal') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  engines.add(engine)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    engine.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('serving ')) resolve()
    })
    engine.on('exit', () => reject(new Error(`an engine ended: ${log}`)))
  })
  engine.removeAllListeners('exit')
  return engine
}

async function kill(engine: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => engine.once('exit', resolve))
  engine.kill('SIGKILL')
  await ended
  engines.delete(engine)
}

function noted(what: 'graph' | 'task'): readonly number[] {
  return readFileSync(join(folder, 'journal'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(what))
    .map((line) => Number(line.slice(what.length)))
}

function twice(numbers: readonly number[]): readonly number[] {
  const once = new Set<number>()
  return numbers.filter((each) => once.size === once.add(each).size)
}

/** Returns the numbers that are not among the others. */
function missing(numbers: readonly number[], others: readonly number[]): readonly number[] {
  const found = new Set(others)
  return numbers.filter((each) => !found.has(each))
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}`)
    await sleep(200)
  }
}

async function isQuiet(runner: Runner): Promise<boolean> {
  const [subscription] = await runner.reactors.subscriptions()
  const { waiting } = await runner.sources.get('numbers')
  const active = await runner.executions.list({ status: 'Running', limit: 1 })
  const pending = await runner.executions.list({ status: 'Pending', limit: 1 })
  return waiting + (subscription?.waiting ?? 0) + active.length + pending.length === 0
}

async function everything<Row extends { readonly id: string }>(
  list: (options: { readonly limit: number; readonly after?: string }) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const all: Row[] = []
  for (let part = await list({ limit: 1_000 }); part.length > 0; ) {
    all.push(...part)
    part = await list({ limit: 1_000, after: part.at(-1)?.id ?? '' })
  }
  return all
}

/** Pushes numbers until the last kill. Returns the acknowledged numbers. */
async function pushDuring(kills: { readonly count: number }, runner: Runner): Promise<readonly number[]> {
  const acknowledged: number[] = []
  while (kills.count < KILLS) {
    const n = acknowledged.length
    if (n < MAX_EVENTS_PER_KILL * (kills.count + 1)) {
      const five = [n, n + 1, n + 2, n + 3, n + 4]
      await Promise.all(five.map((each) => runner.sources.push('numbers', { n: each })))
      acknowledged.push(...five)
    }
    await sleep(10)
  }
  return acknowledged
}

describe('engines that host graphs', () => {
  test.each([
    ['SQLite', sqliteUrl],
    ['PostgreSQL', postgresUrl],
  ])(
    'on %s lose and repeat no event while engines are killed repeatedly',
    { tags: ['proof'], timeout: LIMIT_MS },
    async (_name, urlOf) => {
      const url = await urlOf()
      const running = [await startEngine(url), await startEngine(url)]
      await using runner = await Runner.open({ database: url })
      await runner.reactors.subscribe('each', 'booked')

      const kills = { count: 0 }
      const pushed = pushDuring(kills, runner)
      for (; kills.count < KILLS; kills.count++) {
        await sleep(100 + Math.random() * 900)
        const [victim] = running.splice(kills.count % 2, 1)
        if (victim !== undefined) await kill(victim)
        running.push(await startEngine(url))
      }
      const acknowledged = await pushed
      await until(() => isQuiet(runner), 'nothing waits')

      const firings = await everything((options) => runner.reactors.firings('each', options))
      const fired = firings.map(({ payloadText }) => (JSON.parse(payloadText) as { numbers: number }).numbers)
      expect(acknowledged.length).toBeGreaterThan(100)
      expect(missing(acknowledged, fired)).toEqual([])
      expect(twice(fired)).toEqual([])
      const executions = await everything((options) => runner.executions.list(options))
      const booked: number[] = []
      for (const { id } of executions) {
        const { numbers } = JSON.parse(await runner.executions.inputText(id)) as { readonly numbers: number }
        booked.push(numbers)
      }
      expect(booked.toSorted((one, other) => one - other)).toEqual(fired.toSorted((one, other) => one - other))
      expect(executions.every(({ status }) => status === 'Completed')).toBe(true)
      expect(twice(noted('graph'))).toEqual([])
      expect(missing(fired, noted('task'))).toEqual([])
    },
  )

  test('handle 100,000 waiting events after a start', { timeout: LIMIT_MS }, async () => {
    process.env.GRAPHS_JOURNAL = join(folder, 'journal')
    const database = await sqliteUrl()
    const config = { maxWaitingEvents: 2 * WAITING }
    const first = await Runner.open({ database, config })
    await first.load(SCRIPT)
    await first.start()
    await first.close()
    await using runner = await Runner.open({ database, config })
    for (let n = 0; n < WAITING; n += 5_000) {
      await Promise.all(Array.from({ length: 5_000 }, (_, index) => runner.sources.push('numbers', { n: n + index })))
    }
    expect(await runner.sources.get('numbers')).toMatchObject({ waiting: WAITING })

    await runner.load(SCRIPT)
    const beganAt = performance.now()
    await runner.start()
    await until(async () => (await runner.sources.get('numbers')).waiting === 0, 'nothing waits')
    await until(async () => (await runner.graphs.get('noted')).runs === WAITING, 'the graph has run')
    console.log(`100,000 waiting events: ${Math.round(performance.now() - beganAt)} ms`)

    expect((await runner.reactors.get('each')).lastSequence).toBe(WAITING)
    const ran = noted('graph')
    expect(ran).toEqual(Array.from({ length: WAITING }, (_, n) => n))
  })
})
