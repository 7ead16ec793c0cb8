/** Classifies statements of the store, and removes their time limits, which the server would measure in real time. */

import type { Value } from '../../../src/store/store-session.ts'

/** Kind of a statement. `other` is a statement that writes no rows. */
type StatementKind = 'begin' | 'commit' | 'rollback' | 'write' | 'other'

/** Time limits in milliseconds; null for no limit. */
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

/** Returns the first words of a statement, for the trace. */
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

/** Returns whether no other session can notice a statement, so that it may be sent with the next statement. */
export function isUnnoticed({ kind, text }: Statement): boolean {
  return kind === 'begin' || text === 'SAVEPOINT part'
}

/** Returns whether a BEGIN opens a read-only transaction. */
export function isReadOnly({ text }: Statement): boolean {
  return text.includes('READ ONLY')
}
