/** Boundaries of a poll with state and firings at which `poll-faults.ts` kills or suspends an engine. */

export const BOUNDARIES = [
  'before the poll',
  'in the poll',
  'before the transaction',
  'before the commit',
  'after the commit',
  'before the announcement',
] as const

export interface PollFault {
  readonly boundary: (typeof BOUNDARIES)[number]
  readonly signal: 'SIGKILL' | 'SIGSTOP'
  /** Number of polls that fire before. */
  readonly polls: number
  /** Whether the connection of the first poll that fires before is lost before or after PostgreSQL commits. */
  readonly lost: 'before' | 'after'
}
