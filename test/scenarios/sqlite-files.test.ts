/**
 * Scripts and SQLite databases that another program has open. This test is the other program, and uses real locks.
 * The script runs one command per word on its stdin, and prints each result as a line of JSON.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { differs } from '../support/python-differences.ts'
import { runScript } from '../support/run-script.ts'

let folder: string
let path: string
let other: Database

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-sqlite-'))
  path = join(folder, 'jobs.db')
  other = new Sqlite(path)
  other.exec("CREATE TABLE jobs(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO jobs(name) VALUES ('first')")
})

afterEach(() => {
  other.close()
  rmSync(folder, { recursive: true, force: true })
})

async function answers(words: string, onOutput?: (stdout: string) => void): Promise<unknown[]> {
  const run = await runScript('sqlite_files.py', { args: [path], stdin: words, ...(onOutput && { onOutput }) })
  expect(run.stderr).toBe('')
  return run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const countJobs = () => other.prepare('SELECT count(*) FROM jobs').pluck().get()

describe('a script that opens a database of another program', () => {
  it('gets an error when the database is locked, and does not change it', async () => {
    other.exec("BEGIN EXCLUSIVE; INSERT INTO jobs(name) VALUES ('mine')")

    const [said] = await answers('blocked\n')
    other.exec('COMMIT')

    expect(said).toEqual(['database is locked', 'SQLITE_BUSY', true])
    expect(countJobs()).toBe(2)
  })

  it('waits for the end of a lock within its timeout', async () => {
    other.exec("BEGIN EXCLUSIVE; INSERT INTO jobs(name) VALUES ('mine')")

    const said = await answers('patient\n', (stdout) => {
      if (stdout.includes('waiting') && other.inTransaction) other.exec('COMMIT')
    })

    expect(said).toEqual(['waiting', 3])
    expect(countJobs()).toBe(3)
  })

  it('reads and writes in WAL mode at the same time as the other program', async () => {
    other.pragma('journal_mode = WAL')
    other.exec("INSERT INTO jobs(name) VALUES ('in the log')")

    const said = await answers('shared\n')

    expect(said).toEqual([['wal', 2], 4])
    expect(countJobs()).toBe(4)
    expect(other.pragma('integrity_check', { simple: true })).toBe('ok')
  })

  it('can use the documented rows, adapters, converters, functions, exceptions and backups', async () => {
    const said = await answers('surface\n')

    const columns = ['at', 'real', 'blob', 'big', 'shouted', 'word']
    expect(said).toEqual([
      ['2024-02-29', 1, '00ff', 2 ** 62, 'HEY!', 'text', columns],
      ['UNIQUE constraint failed: facts.big', 'SQLITE_CONSTRAINT_UNIQUE', true],
      0,
      [1, true, true],
      ...differs('sqlite', { pyodide: ['DatabaseError'], cpython: [] }),
    ])
  })
})
