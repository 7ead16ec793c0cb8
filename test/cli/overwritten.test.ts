/** `serve` while its database file is overwritten: errors without a caller do not end the process. */

import { closeSync, copyFileSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

const SCRIPT = `
import cloaca

with cloaca.WorkflowBuilder("demo"):
    @cloaca.task(id="work", dependencies=[])
    def work(context):
        return context

@cloaca.trigger(on="demo", poll_interval="50ms")
def idle():
    return cloaca.TriggerResult.skip()
`

/** Moves all commits from the write-ahead log into the file, so that the next reader reads them from there. */
function foldLog(path: string): void {
  const database = new Database(path)
  try {
    database.pragma('wal_checkpoint(TRUNCATE)')
    database.exec('CREATE TABLE of_another_program (id INTEGER)')
    database.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
}

function overwriteHeader(path: string): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(4_096, 'x'), 0, 4_096, 0)
  closeSync(file)
}

it('serve survives an overwritten database header, logs an error, and resumes when the file is restored', async () => {
  await using terminal = new Terminal()
  const database = join(terminal.folder, 'serving.db')
  const script = terminal.write('serving.py', SCRIPT)
  const serving = terminal.start(['serve', script, '--db', `sqlite://${database}`])
  await serving.logs('serving')

  foldLog(database)
  copyFileSync(database, `${database}.sound`)
  overwriteHeader(database)
  const trouble = await serving.logs('checking the database failed')
  renameSync(`${database}.sound`, database)
  await serving.logs('is back; polling continues')
  serving.kill('SIGTERM')
  const { exitCode, signal } = await serving.ended

  expect(trouble.level).toBe('error')
  expect([exitCode, signal]).toEqual([0, null])
})
