/** Opening a database: its new tables, rejected files, and error messages. */

import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { SCHEMA, Schema } from '../../src/store/sqlite/schema/sqlite-schema.ts'
import { MIGRATIONS } from '../../src/store/sqlite/schema/sqlite-tables.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { declaration, FIRST_PAGE, START } from '../support/store-builders.ts'
import { startStoreProcess } from '../support/store-process.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const STORE = fileURLToPath(new URL('../../src/store', import.meta.url))
const COMMITTED_DUMP = new URL('schema.sql', import.meta.url)

let folder: TemporaryFolder
let path: string

beforeEach(() => {
  folder = temporaryFolder()
  path = folder.file('workflows.db')
})
afterEach(() => folder[Symbol.dispose]())

const open = (at: string = path) => openSqliteStore({ path: at, durability: 'normal', clock: new ManualClock(START) })

async function refusal(at: string): Promise<StoreError> {
  try {
    await open(at)
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
  throw new Error(`"${at}" was opened`)
}

function withConnection<Result>(use: (connection: Connection) => Result): Result {
  const connection = new Connection(path)
  try {
    return use(connection)
  } finally {
    connection.close()
  }
}

function thrownBy(run: () => void): unknown {
  try {
    run()
    return null
  } catch (error) {
    return error
  }
}

/** Returns the schema as SQL statements in a stable order. */
function dumpSchema(connection: Connection): string {
  const objects = connection.all<{ readonly sql: string }>(
    `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
     ORDER BY tbl_name, type DESC, name`,
  )
  return objects.map((object) => `${object.sql};\n`).join('\n')
}

describe('the schema', () => {
  test('is the same as in the committed schema.sql', async () => {
    await (await open()).close()

    const dump = withConnection(dumpSchema)

    expect(dump).toBe(readFileSync(COMMITTED_DUMP, 'utf8'))
  })

  test('refers only to existing statements in the comments of its indexes', () => {
    const read = (file: string) => readFileSync(join(STORE, file), 'utf8')
    const isSchema = (file: string) => file.includes('schema')
    const files = globSync('**/*.ts', { cwd: STORE })
    const code = files
      .filter((file) => !isSchema(file))
      .map(read)
      .join('\n')
    const schema = files.filter(isSchema).map(read)
    const comments = schema.flatMap((text) => [...text.matchAll(/-- For ([^\n]*)/g)].map(([, comment = '']) => comment))
    const names = comments.flatMap((comment) => comment.match(/\b([A-Z]+_[A-Z_]+|[a-z]+[A-Z]\w+)\b/g) ?? [])

    expect(names.length).toBeGreaterThan(50)
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([])
  })

  test('is created in a missing file, and keeps the rows of an existing file', async () => {
    const first = await open()
    const [row] = await first.saveTriggers([declaration()], START)
    await first.close()

    const second = await open()

    expect(await second.getTrigger('inbox')).toEqual(row)
    await second.close()
  })

  test('records version 100 with the time at which it was created', async () => {
    await (await open()).close()

    const versions = withConnection((connection) => connection.all('SELECT version, applied_at FROM cloaca_schema'))

    expect(versions).toEqual([{ version: 100, applied_at: START }])
  })

  test('is upgraded from version 100 to 101, and keeps its rows', async () => {
    const first = await open()
    await first.saveTriggers([declaration()], START)
    await first.close()
    const next = new Schema([...MIGRATIONS, "ALTER TABLE triggers ADD COLUMN color TEXT NOT NULL DEFAULT 'red'"])

    const refused = withConnection((connection) => thrownBy(() => next.assertReadable(connection)))
    withConnection((connection) => next.migrate(connection, START + 1))

    expect(refused).toMatchObject({
      code: 'DATABASE_TOO_OLD',
      message: expect.stringContaining('cloaca serve SCRIPT.py'),
    })
    const rows = withConnection((connection) => connection.all('SELECT name, color FROM triggers'))
    expect(rows).toEqual([{ name: 'inbox', color: 'red' }])
    const versions = withConnection((connection) => connection.all('SELECT version, applied_at FROM cloaca_schema'))
    expect(versions).toEqual([
      { version: 100, applied_at: START },
      { version: 101, applied_at: START + 1 },
    ])
    expect(await refusal(path)).toMatchObject({ code: 'DATABASE_TOO_NEW' })
  })

  test('stays unchanged if its upgrade fails', async () => {
    await (await open()).close()
    const broken = new Schema([...MIGRATIONS, 'ALTER TABLE triggers ADD COLUMN color TEXT; DROP TABLE unknown'])

    const error = withConnection((connection) => thrownBy(() => broken.migrate(connection, START)))

    expect(error).toMatchObject({ message: expect.stringContaining('unknown') })
    expect(withConnection(dumpSchema)).toBe(readFileSync(COMMITTED_DUMP, 'utf8'))
  })

  test.each([1, 11, 99])('version %i is rejected as too old, and the file stays unchanged', async (version) => {
    withConnection((connection) => {
      connection.script('CREATE TABLE cloaca_schema (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT')
      connection.run('INSERT INTO cloaca_schema VALUES (?, 1)', version)
    })
    const before = readFileSync(path)

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_TOO_OLD', facts: { path } })
    expect(error.message).toContain(`version ${version}`)
    expect(error.message).toContain('use another database file')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a database of a newer cloaca is rejected and stays unchanged', async () => {
    await (await open()).close()
    withConnection((connection) => connection.run('INSERT INTO cloaca_schema VALUES (?, 0)', SCHEMA.version + 1))
    const before = readFileSync(path)

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_TOO_NEW', facts: { path } })
    expect(error.message).toContain(`version ${SCHEMA.version + 1}`)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('tables of another program in the same file are kept', async () => {
    withConnection((connection) => connection.script('CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (7)'))

    await (await open()).close()

    expect(withConnection((connection) => connection.all('SELECT id FROM orders'))).toEqual([{ id: 7 }])
  })

  test('a file with a table "executions" of another program is rejected, and no table is created', async () => {
    withConnection((connection) => connection.script('CREATE TABLE executions (id INTEGER)'))

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', facts: { path } })
    expect(error.message).toContain('belongs to another program')
    expect(error.message).toContain('table "executions"')
    expect(withConnection(dumpSchema)).toBe('CREATE TABLE executions (id INTEGER);\n')
  })

  test('a file with a table "cloaca_schema" of another program is rejected, and no table is created', async () => {
    withConnection((connection) => connection.script('CREATE TABLE cloaca_schema (note TEXT)'))

    const error = await refusal(path)

    expect(error.message).toContain('belongs to another program')
    expect(withConnection(dumpSchema)).toBe('CREATE TABLE cloaca_schema (note TEXT);\n')
  })

  test.each([
    ['DROP TABLE ticks', 'table "ticks"'],
    ['ALTER TABLE triggers DROP COLUMN last_poll_at', 'column "triggers.last_poll_at"'],
    ['DROP INDEX crons_by_instance', 'index "crons_by_instance"'],
    ['ALTER TABLE firings RENAME TO shots; CREATE VIEW firings AS SELECT * FROM shots', 'table "firings"'],
  ])('opening fails after "%s" and names the missing %s', async (change, missing) => {
    await (await open()).close()
    withConnection((connection) => connection.script(`PRAGMA foreign_keys = OFF; ${change}`))

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', facts: { path } })
    expect(error.message).toContain(`it lacks the ${missing}`)
    expect(error.message).toContain('Restore a copy')
  })

  test('a database to which a user has added a column and an index can be opened', async () => {
    await (await open()).close()
    withConnection((connection) =>
      connection.script('ALTER TABLE triggers ADD COLUMN my_note TEXT; CREATE INDEX mine ON executions (version)'),
    )

    const store = await open()

    expect(await store.getTrigger('inbox')).toBeNull()
    await store.close()
  })

  test('six processes can open a new database at the same time', async () => {
    const processes = Array.from({ length: 6 }, () =>
      startStoreProcess(
        path,
        `const store = await open()
         await store.saveTriggers([builders.declaration({ name: String(process.pid) })], 1)
         await store.close()`,
      ),
    )

    const codes = await Promise.all(processes.map((process) => process.ended()))

    expect(codes).toEqual(processes.map(() => 0))
    const store = await open()
    expect(await store.listTriggers({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(processes.length)
    await store.close()
  })
})

describe.skipIf(process.platform === 'win32')('the file mode of a database', () => {
  const modes = () =>
    Object.fromEntries(
      readdirSync(folder.path).map((name) => [name, (statSync(folder.file(name)).mode & 0o777).toString(8)]),
    )

  test.each([0o000, 0o022])('is 600 for a new database and its log, with umask %i', async (mask) => {
    const before = process.umask(mask)
    const store = await open().finally(() => process.umask(before))
    await store.saveTriggers([declaration()], START)
    const whileOpen = modes()
    await store.close()

    expect(whileOpen).toEqual({ 'workflows.db': '600', 'workflows.db-wal': '600', 'workflows.db-shm': '600' })
    expect(modes()).toEqual({ 'workflows.db': '600' })
  })

  test('stays unchanged for an existing database, and applies to its log as well', async () => {
    writeFileSync(path, '')
    chmodSync(path, 0o640)

    const store = await open()
    await store.saveTriggers([declaration()], START)

    expect(modes()).toEqual({ 'workflows.db': '640', 'workflows.db-wal': '640', 'workflows.db-shm': '640' })
    await store.close()
  })
})

describe('a database that cannot be opened', () => {
  test('a missing folder is named in the error, and is not created', async () => {
    const missing = folder.file('missing/workflows.db')

    const error = await refusal(missing)

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', facts: { path: missing } })
    expect(error.message).toContain(missing)
    expect(error.message).toContain(`the folder "${folder.file('missing')}" does not exist`)
    expect(existsSync(folder.file('missing'))).toBe(false)
  })

  test('a file that is not a database is rejected and stays unchanged', async () => {
    const text = 'These are my notes, and no database.\n'.repeat(100)
    writeFileSync(path, text)

    const error = await refusal(path)

    expect(error.code).toBe('DATABASE_UNAVAILABLE')
    expect(error.message).toContain('file is not a database')
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('a folder at the path of the database is rejected', async () => {
    mkdirSync(path)

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    expect(error.message).toContain('the path is a folder')
  })

  test('a damaged file is rejected with the advice to restore a copy', async () => {
    await (await open()).close()
    truncateSync(path, 5_000)

    const error = await refusal(path)

    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: { code: 'SQLITE_CORRUPT' } })
    expect(error.message).toContain('restore a copy')
  })

  test('a file without write permission is rejected', async () => {
    await (await open()).close()
    chmodSync(path, 0o444)
    chmodSync(folder.path, 0o777)

    await using opening = startStoreProcess(
      path,
      `await becomeUnprivileged()
       await open().catch((error) => say(error.code + ' ' + error.message))`,
    )

    expect((await opening.lines.next()).value).toMatch(/^DATABASE_UNAVAILABLE .*permission denied/)
  })
})
