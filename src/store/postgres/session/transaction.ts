/** How a transaction begins: nothing is left to the session's state, so that a pooler may give each one another connection. */

import type { Place } from './address.ts'
import { quoted, type Session } from './session.ts'

/** Limits of each transaction, so that one which hangs, or whose process stands still, holds up nobody for long. */
const LIMITS =
  "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '10s'"

/**
 * What is under way is a few rows, and so the planner would read these tables whole, with all that is dead in them: while
 * somebody holds a snapshot, that is everything since. A table that is read whole all the same, as one without an index that fits, then
 * counts as so dear that the server compiles the statement, which takes it 100 ms each time: none of them is worth that.
 */
const BY_INDEX = 'SET LOCAL enable_seqscan = off; SET LOCAL jit = off'

/** For work on the whole schema, which waits for others that do the same. */
const LONG_LIMITS =
  "SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '1min'; SET LOCAL idle_in_transaction_session_timeout = '1min'"

/**
 * Place of statements that are not about our tables: they call functions and operators of PostgreSQL only. With any other search path, a
 * function of a schema in it is called instead if the types of its parameters match better.
 */
export const CATALOG: Place = { schema: 'pg_catalog', role: null }

/** Sets role and search path. An empty schema leaves the user's own search path in force. */
function inPlace({ schema, role }: Place): string {
  const acting = role === null ? '' : `SET LOCAL ROLE ${quoted(role)};`
  return schema === '' ? acting : `${acting} SET LOCAL search_path TO ${quoted(schema)};`
}

export function beginRead(session: Session, place: Place): Promise<unknown> {
  return session.script(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${inPlace(place)} ${LIMITS}`)
}

/** Returns the transaction's id, by which its outcome can be asked for. */
export async function beginWrite(session: Session, place: Place, syncs: boolean): Promise<string> {
  const settings = `${inPlace(place)} ${LIMITS}; ${BY_INDEX}; SET LOCAL synchronous_commit = ${syncs ? 'on' : 'off'}`
  const results = await session.script(`BEGIN; ${settings}; SELECT pg_catalog.pg_current_xact_id()::text AS id`)
  return ((results.at(-1) ?? [])[0] as { readonly id: string }).id
}

export function beginUpkeep(session: Session, place: Place): Promise<unknown> {
  return session.script(`BEGIN; ${inPlace(place)} ${LONG_LIMITS}`)
}

/**
 * What became of a transaction whose commit was not answered. One that the server does not know of, as after a failover to one that had
 * not received it, is `aborted`: it is not stored.
 */
export async function outcomeOf(session: Session, id: string): Promise<'committed' | 'aborted' | 'in progress'> {
  try {
    const row = await session.one<{ readonly status: 'committed' | 'aborted' | 'in progress' | null }>(
      'SELECT pg_catalog.pg_xact_status($1::text::xid8) AS status',
      id,
    )
    return row?.status ?? 'aborted'
  } catch (error) {
    if (error instanceof Error && /in the future/.test(error.message)) return 'aborted'
    throw error
  }
}
