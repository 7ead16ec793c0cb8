/** Says what a statement of the store is, and takes the limits out of it that the server would measure in real time. */

import type { Value } from '../../../src/store/session.ts'

/** `other` reads, or belongs to a transaction without writing rows. */
export type StatementKind = 'begin' | 'commit' | 'rollback' | 'write' | 'other'

/** Limits in milliseconds, or null for no limit. */
export interface Limits {
  readonly lockMs: number | null
  readonly idleMs: number | null
}

export const NO_LIMITS: Limits = { lockMs: null, idleMs: null }

export interface Statement {
  readonly text: string
  readonly values: readonly Value[] | undefined
  readonly kind: StatementKind
  readonly limits: Partial<Limits>
}

export function statementOf(text: string, values: readonly Value[] | undefined): Statement {
  const limits: { lockMs?: number; idleMs?: number } = {}
  const without = text.replace(LIMIT, (_, name: string, amount: string, unit: string) => {
    const ms = Number(amount) * (UNITS[unit] ?? 1)
    if (name === 'lock_timeout') limits.lockMs = ms
    if (name === 'idle_in_transaction_session_timeout') limits.idleMs = ms
    return `SET LOCAL ${name} = 0`
  })
  return { text: without, values, kind: kindOf(text), limits }
}

/** First words, for the trace. */
export function shownText(statement: Statement | undefined): string {
  return statement?.text.trim().replace(/\s+/g, ' ').slice(0, 60) ?? ''
}

const LIMIT = /SET LOCAL (lock_timeout|statement_timeout|idle_in_transaction_session_timeout) = '(\d+)(ms|s|min)'/g

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000 }

function kindOf(text: string): StatementKind {
  const trimmed = text.trim()
  if (trimmed.startsWith('BEGIN')) return 'begin'
  if (/(^|;\s*)COMMIT$/.test(trimmed)) return 'commit'
  if (trimmed === 'ROLLBACK') return 'rollback'
  return /^(INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|LOCK)\b/.test(trimmed) ? 'write' : 'other'
}

/** No other session can notice when it is carried out, so it is sent together with the statement after it. */
export function isUnnoticed({ kind, text }: Statement): boolean {
  return kind === 'begin' || text === 'SAVEPOINT part'
}

/** The transaction that a BEGIN opens writes nothing. */
export function isReadOnly({ text }: Statement): boolean {
  return text.includes('READ ONLY')
}
