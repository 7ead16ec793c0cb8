/**
 * Three engines on one PostgreSQL database, of which one is killed, one stands still for longer than its lease and goes on, and one loses
 * the server: no firing is lost, nothing is done by two at a time, and what is left is done by the others.
 * `CLUSTER_ROUNDS` makes a campaign of it.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { administer } from '../support/postgres-server.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const SOURCES = fileURLToPath(new URL('sources.py', import.meta.url))
const ROUNDS = Number(process.env.CLUSTER_ROUNDS ?? 1)
const FILES_A_SOURCE = 12 * ROUNDS
const SOURCE_NAMES = Array.from({ length: 6 }, (_, index) => String(index))
/** Longer than a lease, with what a busy machine adds. */
const STILL_MS = 13_000
const QUIET_WITHIN_MS = 60_000
const LIMIT_MS = 180_000 * ROUNDS

interface Note {
  readonly kind: 'poll' | 'task'
  readonly name: string | number
  readonly edge: 'begin' | 'end'
  readonly pid: number
  readonly at: number
}

let folder: string
let proxy: PostgresProxy
const engines = new Set<ChildProcess>()

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-cluster-'))
  for (const part of ['inbox', 'done']) {
    for (const name of SOURCE_NAMES) mkdirSync(join(folder, part, name), { recursive: true })
  }
  proxy = await PostgresProxy.open()
})
afterEach(async () => {
  for (const engine of engines) engine.kill('SIGKILL')
  engines.clear()
  await proxy[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** `url`: how it reaches the database. */
async function startEngine(url: string): Promise<ChildProcess> {
  const engine = spawn(process.execPath, [MAIN, 'serve', SOURCES, '--no-http'], {
    env: { ...process.env, CLOACA_DATABASE_URL: url, CLUSTER_FOLDER: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  engines.add(engine)
  await new Promise<void>((resolve, reject) => {
    let log = ''
    engine.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('serving 6 triggers')) resolve()
    })
    engine.on('exit', () => reject(new Error(`an engine ended: ${log}`)))
  })
  return engine
}

const notes = (): readonly Note[] =>
  readFileSync(join(folder, 'journal'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Note)

const filesIn = (part: string) => SOURCE_NAMES.flatMap((name) => readdirSync(join(folder, part, name)))

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + QUIET_WITHIN_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it did not come to this: ${what}`)
    await sleep(200)
  }
}

/** Of one name, what began before what began earlier had ended, both by processes that were neither killed nor stood still. */
function overlaps(all: readonly Note[], disturbed: ReadonlySet<number>): readonly Note[] {
  const open = new Map<string, Note>()
  const found: Note[] = []
  for (const note of all.filter(({ pid }) => !disturbed.has(pid))) {
    const key = `${note.kind} ${note.name}`
    if (note.edge === 'end') open.delete(key)
    else {
      if (open.has(key)) found.push(note)
      open.set(key, note)
    }
  }
  return found
}

const pollersOf = (all: readonly Note[]) =>
  Map.groupBy(
    all.filter(({ kind }) => kind === 'poll'),
    ({ pid }) => pid,
  )

describe('three engines', () => {
  test('share the triggers, and lose and double nothing while they are killed, stand still and are cut off', {
    timeout: LIMIT_MS,
  }, async () => {
    const [first, second, third] = await Promise.all([
      startEngine(proxy.database.url),
      startEngine(proxy.database.url),
      startEngine(proxy.url),
    ])
    const disturbed = new Set<number>()
    const seconds = () => pollersOf(notes().filter(({ at }) => at > Date.now() / 1000 - 2))
    await until(() => seconds().size === 3, 'all three poll')
    await until(
      () => [...seconds().values()].every((of) => new Set(of.map(({ name }) => name)).size === 2),
      'two triggers each',
    )

    for (let round = 0; round < ROUNDS; round++) {
      for (const name of SOURCE_NAMES) {
        for (let file = 0; file < 12; file++) writeFileSync(join(folder, 'inbox', name, `${round}-${file}`), '')
      }
      await sleep(1_000)
      if (round === 0) {
        disturbed.add(first.pid ?? 0)
        first.kill('SIGKILL')
      }
      disturbed.add(second.pid ?? 0)
      second.kill('SIGSTOP')
      await sleep(STILL_MS)
      second.kill('SIGCONT')
      await proxy.away()
      await sleep(2_000)
      await proxy.back()
      await until(() => filesIn('inbox').length === 0, 'every file is moved')
    }
    const rows = () => administer(proxy.database.url, 'SELECT id, status FROM executions ORDER BY created_at')
    await until(
      async () => (await rows()).every(({ status }) => status === 'Completed'),
      'every execution is completed',
    )

    expect(filesIn('done')).toHaveLength(6 * FILES_A_SOURCE)
    expect(overlaps(notes(), disturbed)).toEqual([])
    const fired = await administer(proxy.database.url, 'SELECT count(*)::int AS count FROM firings')
    expect((await rows()).length).toBe(fired[0]?.count)
    // What was fired twice was fired by a poll that had seen the file before it was moved.
    expect((await rows()).length).toBeLessThan(6 * FILES_A_SOURCE * 1.2)

    third.removeAllListeners('exit')
    const stopped = new Promise((resolve) => third.once('exit', resolve))
    third.kill('SIGTERM')
    await stopped
    const polledByOne = () => {
      const [only, ...others] = [...seconds().values()]
      return others.length === 0 && new Set(only?.map(({ name }) => name)).size === 6
    }
    await until(polledByOne, 'the one that is left polls all')
  })
})
