/** The begin of transactions. No settings stay in the session, because a pooler may switch connections. */

import type { SchemaPlace } from './address.ts'
import { quoted, type Session } from './postgres-session.ts'

/** Limits of each transaction, so that others do not wait long for one that hangs, or whose process is suspended. */
const LIMITS =
  "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '5s'; " +
  "SET LOCAL idle_in_transaction_session_timeout = '10s'"

/**
 * Tables of active executions have few rows, so the planner would read them whole. While a snapshot is open they also
 * have many dead rows. If a table is read whole all the same, because it has no suitable index, its cost makes the
 * server compile the statement, which takes 100 ms each time.
 */
const BY_INDEX = 'SET LOCAL enable_seqscan = off; SET LOCAL jit = off'

/**
 * Place of statements that call functions and operators of PostgreSQL only. With another search path, a function of a
 * schema in it is called instead if the types of its parameters match better.
 */
export const CATALOG: SchemaPlace = { schema: 'pg_catalog', role: null }

/** Sets role and search path. An empty schema leaves the user's own search path in force. */
function inPlace({ schema, role }: SchemaPlace): string {
  const acting = role === null ? '' : `SET LOCAL ROLE ${quoted(role)};`
  return schema === '' ? acting : `${acting} SET LOCAL search_path TO ${quoted(schema)};`
}

export function beginRead(session: Session, place: SchemaPlace): Promise<unknown> {
  return session.script(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${inPlace(place)} ${LIMITS}`)
}

/** Returns the id of the transaction, for `outcomeOf`. */
export async function beginWrite(session: Session, place: SchemaPlace, syncs: boolean): Promise<string> {
  const settings = `${inPlace(place)} ${LIMITS}; ${BY_INDEX}; SET LOCAL synchronous_commit = ${syncs ? 'on' : 'off'}`
  const results = await session.script(`BEGIN; ${settings}; SELECT pg_catalog.pg_current_xact_id()::text AS id`)
  return ((results.at(-1) ?? [])[0] as { readonly id: string }).id
}

/** Begins work on the whole schema, which waits for other processes that do the same. */
export function beginUpkeep(session: Session, place: SchemaPlace, lockTimeout = '1min'): Promise<unknown> {
  const limits =
    `SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '${lockTimeout}'; ` +
    "SET LOCAL idle_in_transaction_session_timeout = '1min'"
  return session.script(`BEGIN; ${inPlace(place)} ${limits}`)
}

type TransactionOutcome = 'committed' | 'aborted' | 'in progress'

/** Returns the outcome of a commit that was not answered; `aborted` if unknown, for example after a fail-over. */
export async function readTransactionOutcome(session: Session, id: string): Promise<TransactionOutcome> {
  const sql = 'SELECT pg_catalog.pg_xact_status($1::text::xid8) AS status'
  try {
    return (await session.one<{ readonly status: TransactionOutcome | null }>(sql, id))?.status ?? 'aborted'
  } catch (error) {
    if (error instanceof Error && /in the future/.test(error.message)) return 'aborted'
    throw error
  }
}
