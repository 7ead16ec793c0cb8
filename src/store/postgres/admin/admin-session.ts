/** One connection for one thing that an administrator asks: it begins, is tried again where that helps, and ends. */

import type { Client } from 'pg'
import { CloacaError, StoreError, toError } from '../../../errors.ts'
import type { PostgresAddress } from '../session/address.ts'
import { codeOf, isLost, isWorthRepeating, refused, unavailable } from '../session/failures.ts'
import { connect, Session } from '../session/session.ts'
import { beginRead, beginUpkeep, CATALOG, outcomeOf } from '../session/transaction.ts'
import type { AdminUrl } from './admin-url.ts'

/** Against engines that use the same tables, whose transactions are short. */
const MOST_ATTEMPTS = 5
/** A tenant can lock its own tables for as long as it likes. */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
/** Two of one name were made at once, or an object was dropped while this transaction waited for it. */
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['23505', '3F000', '42704', '42P06'])
const CATALOG_CHANGED = /^(tuple concurrently|cache lookup failed)/

/** Rejects with `DATABASE_UNAVAILABLE`, `DATABASE_FAILED`, or what `work` throws on purpose; then nothing is changed. */
export async function inTransaction<Result>(
  url: AdminUrl,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connected(url, (session) => transaction(url, session, work))
    } catch (error) {
      if (!(isWorthRepeating(error) || isOfCatalog(error)) || attempt >= MOST_ATTEMPTS) throw refused(url.shown, error)
    }
  }
}

export function reading<Result>(url: AdminUrl, work: (session: Session) => Promise<Result>): Promise<Result> {
  return connected(url, async (session) => {
    try {
      await beginRead(session, CATALOG)
      return await work(session)
    } catch (error) {
      throw refused(url.shown, error)
    }
  })
}

/**
 * Another administrator changed the same roles, schemas or grants: repeated, the transaction finds the change. They take no lock against
 * each other, since any user of the database could take the same one.
 */
function isOfCatalog(error: unknown): boolean {
  return CHANGED_MEANWHILE.has(codeOf(error) ?? '') || CATALOG_CHANGED.test(toError(error).message)
}

async function transaction<Result>(
  url: AdminUrl,
  session: Session,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  await beginUpkeep(session, CATALOG)
  await session.script(LOCK_TIMEOUT)
  const row = await session.one<{ readonly id: string }>('SELECT pg_current_xact_id()::text AS id')
  let result: Result
  try {
    result = await work(session)
  } catch (error) {
    await session.script('ROLLBACK').catch(() => undefined)
    throw error
  }
  try {
    await session.script('COMMIT')
  } catch (error) {
    if (!isLost(error) || !(await wasCommitted(url, row?.id ?? '', error))) throw error
  }
  return result
}

/** A commit whose answer did not come is looked up. */
async function wasCommitted(url: AdminUrl, id: string, lost: unknown): Promise<boolean> {
  try {
    return await connected(url, async (session) => (await outcomeOf(session, id)) === 'committed')
  } catch {
    const message =
      `The connection to "${url.shown}" was lost during the commit, so the change may or may not be stored. ` +
      'Check with: cloaca tenant list'
    throw new StoreError('DATABASE_FAILED', message, { cause: toError(lost) })
  }
}

async function connected<Result>(url: AdminUrl, use: (session: Session) => Promise<Result>): Promise<Result> {
  let client: Client
  try {
    client = await connect(addressOf(url))
  } catch (error) {
    throw error instanceof CloacaError ? error : unavailable(url.shown, error)
  }
  try {
    return await use(new Session(client))
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** What the URL does not say, `pg` finds in `PGUSER`, `PGPASSWORD`, `PGPASSFILE`, `PGSSLMODE`. */
function addressOf({ user, password, host, port, database, shown }: AdminUrl): PostgresAddress {
  const given = { ...(user !== null && { user }), ...(password !== null && { password }) }
  return { config: { ...given, host, port, database, application_name: 'cloaca' }, ...CATALOG, shown }
}
