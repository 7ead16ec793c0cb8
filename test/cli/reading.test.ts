/** Commands that only read: they wait for no lock and change nothing. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { declaration, firedTick, newExecution } from '../support/store-builders.ts'

const EXECUTION = crypto.randomUUID()
const COMMANDS = [
  ['trigger list', 'inbox'],
  ['trigger show inbox', 'inbox'],
  ['trigger history inbox', EXECUTION],
  ['trigger history inbox --ticks', 'fired'],
  ['workflow list', 'There are no workflows'],
  ['execution list', EXECUTION],
  [`execution show ${EXECUTION}`, 'Pending'],
] as const

describe('a command that only reads', () => {
  let terminal: Terminal
  let path: string
  const cloaca = (command: string) => terminal.run([...command.split(' '), '--db', `sqlite://${path}`])

  beforeAll(async () => {
    terminal = new Terminal()
    path = join(terminal.folder, 'jobs.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
    await store.saveTriggers([declaration()], 0)
    await store.recordFired(firedTick({ execution: newExecution({ id: EXECUTION }) }))
    await store.close()
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  it.each(COMMANDS)(
    '%s prints while another process holds the write lock, and writes nothing',
    async (command, text) => {
      const before = readFileSync(path)
      const another = new Connection(path)
      another.script('BEGIN EXCLUSIVE')

      const end = await cloaca(command)
      another.rollback()
      another.close()

      expect(end).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(text) })
      expect(readFileSync(path).equals(before)).toBe(true)
      expect(readdirSync(terminal.folder)).toEqual(['jobs.db'])
    },
  )

  it('names the version of a database from before the first release, and suggests another file', async () => {
    const connection = new Connection(path)
    connection.script('UPDATE cloaca_schema SET version = 11')

    const end = await cloaca('trigger list')
    connection.script('UPDATE cloaca_schema SET version = 100')
    connection.close()

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect(end.stderr).toContain('version 11')
    expect(end.stderr).toContain('use another database file')
  })
})
