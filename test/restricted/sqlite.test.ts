/** SQLite databases in a folder that a restricted script can only read. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Terminal } from '../support/cloaca-process.ts'

const PROGRAM = `
import sqlite3, sys
plain, logged, own = sys.argv[1:]
def came(database, *statements):
    try:
        for each in statements:
            rows = database.execute(each).fetchall()
        return rows
    except sqlite3.Error as error:
        return f"{type(error).__name__}: {error}"
ATTACH, READ, WRITE = f"ATTACH '{plain}' AS o", "SELECT x FROM o.t", "INSERT INTO o.t VALUES (2)"
print(came(sqlite3.connect(plain), "SELECT x FROM t"))
print(came(sqlite3.connect(plain), "INSERT INTO t VALUES (2)"))
print(came(sqlite3.connect(own), ATTACH, READ))
print(came(sqlite3.connect(own), ATTACH, WRITE))
print(came(sqlite3.connect(own), f"ATTACH '{logged}' AS o", READ))
`

describe.skipIf(restrictionProblem() !== null)('a database in a read-only folder', () => {
  it('can be read and attached but not written, and no file is created next to it', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    const [program, plain, logged] = [
      terminal.write('own/program.py', PROGRAM),
      terminal.write('data/plain.db', ''),
      terminal.write('data/logged.db', ''),
    ]
    terminal.write('own/written/keep', '')
    new Database(plain).exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)').close()
    const log = new Database(logged)
    log.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x)').close()
    const folder = join(terminal.folder, 'data')
    const flags = ['--restrict', '--allow-read', 'data', '--allow-write', 'own/written']

    const ended = await terminal.run(['run', ...flags, program, plain, logged, join('own', 'written', 'own.db')])

    expect(ended.stdout.trim().split('\n')).toEqual([
      '[(1,)]',
      'OperationalError: attempt to write a readonly database',
      '[(1,)]',
      'OperationalError: attempt to write a readonly database',
      'OperationalError: unable to open database file',
    ])
    expect(readdirSync(folder).sort()).toEqual(['logged.db', 'plain.db'])
  })
})
