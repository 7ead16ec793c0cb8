/** Attacks of a tenant on administrators: the tenant plants code in its schema, and administrators work there. */

import { randomBytes } from 'node:crypto'
import { HostileTenant } from '../../test/support/hostile-tenant.ts'
import { Attacked, read, tablesOf, work } from './attacked-server.ts'
import type { Attempts } from './report.ts'
import { betterFits, TABLE_PLANTS } from './tenant-plants.ts'

export async function plantOnTables(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  for (const plant of TABLE_PLANTS) {
    const evil = await HostileTenant.create(attacked.database, 'evil', 'evil_u')
    // An old version makes an administrator migrate the schema.
    await evil.run(
      'DELETE FROM evil.cloaca_schema WHERE version > 4; ALTER TABLE evil.cloaca_schema DROP COLUMN IF EXISTS channel',
    )
    const tables = await tablesOf(attacked, 'evil')
    const planted = await countDone(
      evil,
      tables.map((table) => plant.on('evil', table)),
    )
    await administrate(attacked, evil, plant.name, planted, attempts)
  }
}

export async function plantFunctions(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  // PostgreSQL before version 15 grants this by default.
  await attacked.sql('GRANT CREATE ON SCHEMA public TO PUBLIC')
  const evil = await HostileTenant.create(attacked.database, 'evil', 'evil_u')
  await evil.run('GRANT USAGE ON SCHEMA evil TO PUBLIC')
  const planted = await countDone(evil, betterFits('evil'))
  await administrate(attacked, evil, 'functions and operators that fit better', planted, attempts)
}

/** Runs statements, and returns the number of statements that the server accepted. */
async function countDone(evil: HostileTenant, statements: readonly string[]): Promise<number> {
  let done = 0
  for (const statement of statements) {
    const outcome = await evil.run(statement).catch((error: Error) => error)
    if (!(outcome instanceof Error)) done += 1
  }
  return done
}

/** Runs each operation of administrators, and counts each gain of the tenant as a finding. */
async function administrate(
  attacked: Attacked,
  evil: HostileTenant,
  plant: string,
  planted: number,
  attempts: Attempts,
): Promise<void> {
  if (planted === 0) throw new Error(`the server refused all ${plant}`)
  await assertWorking(attacked, evil, plant)
  const root = `evil_root_${randomBytes(4).toString('hex')}`
  await attacked.sql(`CREATE ROLE ${root} LOGIN CREATEROLE PASSWORD 'pw'; GRANT evil_u TO ${root}`)
  const { admin, database } = attacked
  const rootUrl = `postgresql://${root}:pw@${database.place}`
  const operations: readonly (readonly [name: string, run: () => Promise<unknown>])[] = [
    ['tenants are listed', () => admin.listTenants()],
    ['a second user is made', () => admin.createTenant({ schemaName: 'evil', username: 'evil_second' })],
    ['a superuser reads', () => read(database.url, 'evil')],
    ['a superuser serves', () => work(database.url, 'evil')],
    ['a superuser serves in "public"', () => work(database.url, null)],
    ['a member who makes roles reads', () => read(rootUrl, 'evil')],
    ['a member who makes roles serves', () => work(rootUrl, 'evil')],
    ['the tenant is removed', () => admin.removeTenant('evil', 'evil_u', { force: true })],
  ]
  const gained: string[] = []
  for (const [name, run] of operations) {
    // The operation may fail, because only the gains of the tenant matter.
    await run().catch(() => undefined)
    const gains = await evil.gains()
    if (gains.length > 0) gained.push(`${plant}, when ${name}: gained ${gains.join(', ')}`)
  }
  for (const finding of gained) attempts.count(finding)
  attempts.countBlocked(Math.max(0, planted - gained.length))
  // removeTenant() keeps a user that owns objects elsewhere.
  for (const role of ['evil_u', 'evil_second', root]) {
    await attacked.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`).catch(() => undefined)
  }
}

/**
 * Throws unless the planted code gains something from a superuser who works as earlier versions of cloaca did, with and
 * without `SET ROLE`. Blocking code that cannot succeed would prove nothing.
 */
async function assertWorking(attacked: Attacked, evil: HostileTenant, plant: string): Promise<void> {
  const statements = [
    "SELECT nextval('changes')",
    'SELECT max(version) FROM cloaca_schema WHERE version > 0',
    'INSERT INTO cloaca_schema (version, applied_at) VALUES (1000, 1)',
    'UPDATE cloaca_schema SET applied_at = 2',
    'ANALYZE cloaca_schema',
    'DELETE FROM cloaca_schema WHERE version = 1000',
  ]
  for (const begin of ['SET search_path TO evil', 'SET search_path TO evil; SET ROLE evil_u']) {
    for (const statement of statements) await attacked.sql(`${begin}; ${statement}`).catch(() => undefined)
  }
  const gains = await evil.gains()
  if (gains.length === 0) throw new Error(`the code of "${plant}" gains nothing even from a superuser`)
}
