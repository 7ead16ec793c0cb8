/** Isolation of scripts from the engine: each interpreter is a separate process. */

import { execFileSync, spawn } from 'node:child_process'
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PollOutcome } from '../../src/model/trigger.ts'
import { MAIN } from '../support/main-path.ts'
import { comingScript, OpenHost } from '../support/open-host.ts'
import { isRunning, whenProcessEnds } from '../support/process-end.ts'

const SCRIPT = fileURLToPath(new URL('./isolation.py', import.meta.url))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-isolation-'))
  vi.stubEnv('FILES_OF_OTHERS', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

function contextOf(outcome: PollOutcome): Record<string, unknown> {
  if (outcome.kind !== 'fired') throw new Error(`The poll was to fire, but: ${JSON.stringify(outcome)}`)
  return JSON.parse(outcome.firings[0]?.contextText ?? '{}')
}

describe('reading the files of the database', () => {
  /** Writes from another process. Returns `busy` if this process holds the write lock. */
  function writeOfAnother(file: string): string {
    const program = `
      const database = require('better-sqlite3')(${JSON.stringify(file)}, { timeout: 0 })
      try { database.exec("INSERT INTO t VALUES ('other')"); console.log('written') }
      catch (error) { console.log(error.code === 'SQLITE_BUSY' ? 'busy' : error.message) }`
    const root = fileURLToPath(new URL('../..', import.meta.url))
    return execFileSync(process.execPath, ['-e', program], { cwd: root, encoding: 'utf8' }).trim()
  }

  function withWriteLock(): { readonly file: string; readonly database: Database.Database } {
    const file = join(folder, 'engine.db')
    const database = new Database(file)
    database.pragma('journal_mode = WAL')
    database.exec('CREATE TABLE t (x)')
    database.exec('BEGIN IMMEDIATE')
    return { file, database }
  }

  it('from a script does not release the write lock of the engine', async () => {
    await using python = await OpenHost.open([SCRIPT])
    const { file, database } = withWriteLock()

    const { names } = contextOf(await python.poll(SCRIPT, 'reads_everything'))

    expect(names).toEqual(['engine.db', 'engine.db-shm', 'engine.db-wal'])
    expect(writeOfAnother(file)).toBe('busy')
    database.close()
  })

  it.skipIf(process.platform === 'win32')('from the process of the engine releases its write lock', () => {
    const { file, database } = withWriteLock()

    closeSync(openSync(`${file}-shm`, 'r'))

    expect(writeOfAnother(file)).toBe('written')
    database.close()
  })
})

describe('the process of an interpreter', () => {
  it('has its own process id, which os.getpid returns to scripts', async () => {
    await using python = await OpenHost.open([SCRIPT])

    const { pid } = contextOf(await python.poll(SCRIPT, 'pid'))

    expect(pid).not.toBe(process.pid)
    expect(isRunning(Number(pid))).toBe(true)
  })

  it('has its own environment, current folder, umask and time zone', async () => {
    const other = join(folder, 'other.py')
    copyFileSync(SCRIPT, other)
    await using python = await OpenHost.open([SCRIPT], 2)
    python.host.expect([comingScript(other)])
    await python.host.load(other, { kind: 'file', path: other })
    const ofEngine = () => ({
      cwd: process.cwd(),
      umask: process.umask(),
      zone: process.env.TZ,
      own: process.env.OF_ONE_SCRIPT,
    })
    const before = ofEngine()
    const beforeOfOther = contextOf(await python.poll(other, 'facts'))

    const changed = contextOf(await python.poll(SCRIPT, 'changes_facts'))

    expect(changed).toMatchObject({ cwd: realpathSync(folder), umask: 0o27, zone: 'JST', own: 'yes' })
    expect(ofEngine()).toEqual(before)
    expect(contextOf(await python.poll(other, 'facts'))).toEqual(beforeOfOther)
  })

  it.runIf(process.platform === 'linux')('has its own limit of open files', async () => {
    const openFiles = (pid: number | 'self') =>
      /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
    const before = openFiles('self')
    await using python = await OpenHost.open([SCRIPT], 1, { openFiles: 777 })

    const { pid } = contextOf(await python.poll(SCRIPT, 'pid'))

    expect(openFiles(Number(pid))).toBe('777')
    expect(openFiles('self')).toBe(before)
  })

  it.each(['idle', 'sleeps', 'computes'])(
    'is replaced after it was killed in state "%s", and only its running call fails',
    async (state) => {
      await using python = await OpenHost.open([SCRIPT])
      const { pid } = contextOf(await python.poll(SCRIPT, 'pid'))
      const underWay = state === 'idle' ? null : python.poll(SCRIPT, state)
      if (underWay !== null) await expect.poll(() => existsSync(join(folder, 'begun'))).toBe(true)

      process.kill(Number(pid), 'SIGKILL')

      if (underWay !== null)
        expect(await underWay).toMatchObject({ kind: 'failed', error: { type: 'InterpreterDied' } })
      await expect.poll(() => python.notices.length + python.quarantines.length).toBeGreaterThan(0)
      // The only running call is treated as the culprit.
      const told = underWay === null ? python.notices : python.quarantines
      expect(told).toEqual([expect.stringContaining('was killed by SIGKILL')])
      expect(contextOf(await python.poll(SCRIPT, 'pid')).pid).not.toBe(pid)
    },
  )

  it.each([
    ['waits', 'time.sleep(600)'],
    ['computes', 'while True: pass'],
    ['computes in C', 'import collections, itertools; collections.deque(itertools.count(), maxlen=0)'],
  ])('ends when the engine is killed while a script %s', async (_, code) => {
    const program = `import os, time\nprint(os.getpid(), flush=True)\n${code}`
    const engine = spawn(process.execPath, [MAIN, 'run', '-c', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>((resolve) => engine.stdout.once('data', (text) => resolve(Number(text))))

    engine.kill('SIGKILL')

    await whenProcessEnds(pid)
  })
})
