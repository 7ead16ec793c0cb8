/** Connections of an administrator: one connection and one transaction per operation. */

import type { Client } from 'pg'
import { StoreError, toError } from '../errors.ts'
import {
  adviceFor,
  databaseUnavailableError,
  failureCode,
  isConnectionLost,
  isWorthRepeating,
} from '../store/postgres/session/postgres-failures.ts'
import { connect, Session } from '../store/postgres/session/postgres-session.ts'
import { beginRead, beginUpkeep, CATALOG, readTransactionOutcome } from '../store/postgres/session/transaction.ts'
import { stepRefusedError } from '../store/store-failures.ts'
import type { AdminUrl } from './admin-url.ts'

/** Enough, because engines that use the same tables have short transactions. */
const MAX_ATTEMPTS = 5
/** A tenant can lock its own tables for any time. */
const LOCK_TIMEOUT = '10s'
/** Two objects of one name were created at the same time, or an object was dropped while this transaction waited. */
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['23505', '3F000', '42704', '42P06'])
const CATALOG_CHANGED = /^(tuple concurrently|cache lookup failed)/

/** Rejects with `DATABASE_UNAVAILABLE`, `DATABASE_FAILED`, or the error that `work` throws; then nothing is changed. */
export async function inTransaction(url: AdminUrl, work: (session: Session) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await connected(url, (session) => transaction(url, session, work))
    } catch (error) {
      if (!(isWorthRepeating(error) || isOfCatalog(error)) || attempt >= MAX_ATTEMPTS)
        throw stepRefusedError(url.shown, error, adviceFor)
    }
  }
}

export function readAsAdmin<Result>(url: AdminUrl, work: (session: Session) => Promise<Result>): Promise<Result> {
  return connected(url, async (session) => {
    try {
      await beginRead(session, CATALOG)
      return await work(session)
    } catch (error) {
      throw stepRefusedError(url.shown, error, adviceFor)
    }
  })
}

/**
 * Another administrator changed the same roles, schemas or grants: repeated, the transaction finds the change.
 * Administrators take no lock against each other, since any user of the database could take it.
 */
function isOfCatalog(error: unknown): boolean {
  return CHANGED_MEANWHILE.has(failureCode(error) ?? '') || CATALOG_CHANGED.test(toError(error).message)
}

/** If it fails, the end of the connection rolls it back. */
async function transaction(url: AdminUrl, session: Session, work: (session: Session) => Promise<void>): Promise<void> {
  await beginUpkeep(session, CATALOG, LOCK_TIMEOUT)
  const row = await session.one<{ readonly id: string }>('SELECT pg_current_xact_id()::text AS id')
  await work(session)
  try {
    await session.script('COMMIT')
  } catch (error) {
    if (!isConnectionLost(error) || !(await wasCommitted(url, row?.id ?? '', error))) throw error
  }
}

/** Queries the outcome of a commit that was not answered. */
async function wasCommitted(url: AdminUrl, id: string, lost: unknown): Promise<boolean> {
  try {
    return await connected(url, async (session) => (await readTransactionOutcome(session, id)) === 'committed')
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
    client = await connect({ ...url, ...CATALOG })
  } catch (error) {
    throw databaseUnavailableError(url.shown, error)
  }
  try {
    return await use(new Session(client))
  } finally {
    await client.end().catch(() => undefined) // Ignored: the work is done, or its error is thrown
  }
}
