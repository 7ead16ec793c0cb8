/**
 * Attacks of a tenant of a PostgreSQL database: on tables of another tenant, on the server, on administrators who work
 * in its schema, and on the work of other tenants. Each class has its own server, which listens on a socket in its own
 * folder. Works as root and as any other user.
 */

import { createHash } from 'node:crypto'
import pg from 'pg'
import { HostileTenant } from '../../test/support/hostile-tenant.ts'
import { Attacked, tablesOf, work } from './attacked-server.ts'
import type { AttackClass, Attempts } from './report.ts'
import { plantFunctions, plantOnTables } from './tenant-administrators.ts'
import { ON_TABLE, onServer } from './tenant-statements.ts'

const LACKS_RIGHT = '42501'
const TOO_MANY_CONNECTIONS = '53300'
/** Number of connections that `createTenant` allows by default. */
const CONNECTIONS = 20

export const TENANT_ATTACKS: readonly AttackClass[] = [
  { name: 'tenant: 28 statements on every table of another tenant', run: attackTables },
  { name: 'tenant: statements on the server and its roles', run: attackServer },
  { name: 'tenant: code planted for administrators on every table', run: plantOnTables },
  { name: 'tenant: functions and operators planted for administrators', run: plantFunctions },
  { name: 'tenant: locks, notifications and connections', run: disturb },
]

/** Returns null if the server rejected a statement because of a missing right. Any other outcome is a finding. */
function findingOf(statement: string, outcome: unknown): string | null {
  if (outcome instanceof Error && 'code' in outcome && outcome.code === LACKS_RIGHT) return null
  return `${statement}: ${outcome instanceof Error ? `refused for another reason: ${outcome.message}` : 'done'}`
}

async function attackTables(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  const evil = await HostileTenant.create(attacked.database, 'evil', 'evil_u')
  const victim = await attacked.admin.createTenant({ schemaName: 'victim', username: 'victim_u' })
  await work(victim.connectionString, null)
  const before = await attacked.sql(fingerprint('victim'))
  const client = new pg.Client({ connectionString: evil.url })
  await client.connect()
  for (const table of await tablesOf(attacked, 'victim')) {
    for (const statement of ON_TABLE) {
      const text = statement({ ...table, name: `victim.${table.name}` }, 'evil', 'evil_u')
      await client.query('BEGIN')
      const outcome = await client.query(text).catch((error: Error) => error)
      await client.query('ROLLBACK')
      attempts.count(findingOf(text, outcome))
    }
  }
  await client.end()
  const after = await attacked.sql(fingerprint('victim'))
  if (JSON.stringify(after) !== JSON.stringify(before)) attempts.count('the tables of the other tenant have changed')
}

/** Returns a query for the columns, triggers, owners, rights and numbers of rows of the tables of a schema. */
function fingerprint(schema: string): string {
  return `
    SELECT c.relname, c.relowner, c.relacl::text AS acl, c.relhastriggers, c.relhasrules, c.relrowsecurity, c.relnatts,
           (xpath('/row/n/text()', query_to_xml(
             format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text AS rows
      FROM pg_class c WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`
}

async function attackServer(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  const evil = await HostileTenant.create(attacked.database, 'evil', 'evil_u')
  await attacked.admin.createTenant({ schemaName: 'victim', username: 'victim_u' })
  // The tenant tries to terminate the session of the administrator.
  const administrator = new pg.Client({ connectionString: attacked.database.url })
  await administrator.connect()
  for (const statement of onServer('evil', 'evil_u', 'victim', 'victim_u')) {
    const outcome = await evil.run(statement).catch((error: Error) => error)
    attempts.count(findingOf(statement, outcome))
  }
  const gains = await evil.gains()
  attempts.count(gains.length === 0 ? null : `the tenant has gained ${gains.join(', ')}`)
  await administrator.end()
}

async function disturb(attempts: Attempts): Promise<void> {
  using attacked = await Attacked.start()
  const { admin, database } = attacked
  const evil = await HostileTenant.create(database, 'evil', 'evil_u')
  const held = new pg.Client({ connectionString: evil.url })
  await held.connect()
  const heard: unknown[] = []
  held.on('notification', (notification) => heard.push(notification))
  for (const key of ['victim', 'cloaca tenants', 'app', 'evil', 'public', '']) {
    await held.query(`SELECT pg_advisory_lock(hashtext('${key}')), pg_advisory_lock(hashtextextended('${key}', 0))`)
    for (const number of [0, 1, 0x636c6f61, 0x636c6f62]) {
      await held.query(`SELECT pg_advisory_lock(${number}, hashtext('${key}'))`)
    }
  }
  const digest = createHash('sha256').update('victim').digest('hex')
  const digests = [`cloaca_${digest.slice(0, 16)}`, `cloaca_${digest.slice(0, 32)}`]
  for (const channel of ['cloaca', 'victim', 'cloaca_victim', ...digests]) await held.query(`LISTEN ${channel}`)

  const made = await within(admin.createTenant({ schemaName: 'victim', username: 'victim_u' }))
  attempts.count(made instanceof Error ? `a tenant could not be made: ${made.message}` : null)
  if (made instanceof Error) return
  const worked = await within(work(made.connectionString, null))
  attempts.count(worked instanceof Error ? `another tenant could not work: ${worked.message}` : null)
  const [parts] = await attacked.sql(
    "SELECT count(*)::int AS count FROM pg_inherits WHERE inhparent = 'victim.executions'::regclass",
  )
  attempts.count(Number(parts?.count) > 1 ? null : 'the tables of another tenant are not kept up')
  await held.query('SELECT 1')
  attempts.count(heard.length === 0 ? null : 'notifications of another tenant were received')
  await floodConnections(evil, made.connectionString, attempts)
  const removed = await within(admin.removeTenant('victim', 'victim_u'))
  attempts.count(removed instanceof Error ? `a tenant could not be removed: ${removed.message}` : null)
  await held.end()
}

/** Opens three times as many connections as the limit allows. The server must reject the excess. */
async function floodConnections(evil: HostileTenant, victimUrl: string, attempts: Attempts): Promise<void> {
  const clients = Array.from({ length: 3 * CONNECTIONS }, () => new pg.Client({ connectionString: evil.url }))
  for (const client of clients) client.on('error', () => undefined)
  const opened = await Promise.allSettled(clients.map((client) => client.connect()))
  // The tenant has one open connection already.
  const others = opened.slice(CONNECTIONS - 1)
  const open = opened.filter(({ status }) => status === 'fulfilled').length
  for (const each of opened) {
    if (each.status === 'rejected' && each.reason.code !== TOO_MANY_CONNECTIONS) throw each.reason
  }
  const excess = Math.max(0, open - (CONNECTIONS - 1))
  attempts.countBlocked(others.length - excess)
  for (let index = 1; index <= excess; index++) attempts.count(`connection ${CONNECTIONS + index} was accepted`)
  const worked = await within(work(victimUrl, null))
  attempts.count(worked instanceof Error ? `another tenant could not connect: ${worked.message}` : null)
  await Promise.allSettled(clients.map((client) => client.end()))
}

const WITHIN_MS = 30_000

/** Returns the result of a promise, or its error. A promise that takes too long results in an error, too. */
async function within<Result>(promise: Promise<Result>): Promise<Result | Error> {
  const { promise: overdue, resolve } = Promise.withResolvers<Error>()
  const timer = setTimeout(() => resolve(new Error(`no result within ${WITHIN_MS / 1000} s`)), WITHIN_MS)
  const settled = promise.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
  try {
    return await Promise.race([settled, overdue])
  } finally {
    clearTimeout(timer)
  }
}
