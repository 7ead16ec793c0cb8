/** The tables of a PostgreSQL schema: their creation, their upgrade, and versions that are rejected. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openPostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { Schema } from '../../src/store/postgres/schema/postgres-schema.ts'
import { MIGRATIONS } from '../../src/store/postgres/schema/postgres-tables.ts'
import { postgresAddress } from '../../src/store/postgres/session/address.ts'
import { connect, Session } from '../../src/store/postgres/session/postgres-session.ts'
import { dumpPostgresSchema } from '../support/postgres-schema.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { declaration, START } from '../support/store-builders.ts'

let database: TemporaryDatabase
beforeAll(async () => {
  database = await temporaryDatabase()
})
afterAll(() => database?.[Symbol.asyncDispose]())

const open = (url: string, readOnly = false): Promise<Store> => {
  const clock = new SystemClock({ keepsProcessAlive: false })
  return openPostgresStore({ url, durability: 'normal', clock, readOnly })
}

async function withSession<Result>(
  use: (session: Session, address: ReturnType<typeof postgresAddress>) => Promise<Result>,
): Promise<Result> {
  const address = postgresAddress(database.url, null)
  const client = await connect(address)
  try {
    return await use(new Session(client), address)
  } finally {
    await client.end()
  }
}

test('a new schema has version 100, the tables of postgres-schema.sql, and a random channel', async () => {
  await (await open(database.url)).close()

  expect(await dumpPostgresSchema(database.url)).toBe(
    readFileSync(new URL('postgres-schema.sql', import.meta.url), 'utf8'),
  )
  expect(await administer(database.url, 'SELECT version, channel FROM cloaca_schema')).toEqual([
    { version: 100, channel: expect.stringMatching(/^cloaca_[0-9a-f]{32}$/) },
  ])
})

test('a schema of version 100 stays unchanged if its upgrade fails', async () => {
  const broken = new Schema([...MIGRATIONS, 'ALTER TABLE triggers ADD COLUMN color text; DROP TABLE unknown'])
  const before = await dumpPostgresSchema(database.url)

  const upgrade = withSession((session, address) => broken.migrate(session, address, START))

  await expect(upgrade).rejects.toThrow('unknown')
  expect(await dumpPostgresSchema(database.url)).toBe(before)
})

test('a schema of version 100 is upgraded to version 101, and keeps its rows', async () => {
  const first = await open(database.url)
  await first.saveTriggers([declaration()], START)
  await first.close()
  const next = new Schema([...MIGRATIONS, "ALTER TABLE triggers ADD COLUMN color text NOT NULL DEFAULT 'red'"])

  const reading = withSession((session, address) => next.assertReadable(session, address))
  await expect(reading).rejects.toMatchObject({
    code: 'DATABASE_TOO_OLD',
    message: expect.stringContaining('cloaca serve SCRIPT.py'),
  })
  await withSession((session, address) => next.migrate(session, address, START + 1))

  expect(await administer(database.url, 'SELECT name, color FROM triggers')).toEqual([{ name: 'inbox', color: 'red' }])
  const versions = 'SELECT version, channel IS NULL AS has_no_channel FROM cloaca_schema ORDER BY version'
  expect(await administer(database.url, versions)).toEqual([
    { version: 100, has_no_channel: false },
    { version: 101, has_no_channel: true },
  ])
  await expect(open(database.url)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
})

test.each([1, 7, 99])('a schema of version %i is rejected as too old and stays unchanged', async (version) => {
  await using old = await temporaryDatabase()
  await administer(old.url, 'CREATE TABLE cloaca_schema (version integer PRIMARY KEY, applied_at bigint NOT NULL)')
  await administer(old.url, `INSERT INTO cloaca_schema VALUES (${version}, 1)`)
  const before = await dumpPostgresSchema(old.url)

  for (const readOnly of [false, true]) {
    await expect(open(old.url, readOnly)).rejects.toMatchObject({
      code: 'DATABASE_TOO_OLD',
      message: expect.stringContaining(
        `schema version ${version}, which this cloaca cannot upgrade. Use another database`,
      ),
    })
  }
  expect(await dumpPostgresSchema(old.url)).toBe(before)
})
