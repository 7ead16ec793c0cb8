/**
 * Module that an engine loads first. It kills its process directly before or after one of its commits. `COMMIT_FAULT`
 * is a `CommitFault` as JSON.
 */

import pg from 'pg'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'

export interface CommitFault {
  readonly side: 'before' | 'after'
  /** Number of commits before. */
  readonly commits: number
}

const { side, commits } = JSON.parse(process.env.COMMIT_FAULT ?? '') as CommitFault
let count = 0

/** Counts a commit, and returns whether it is the one of the fault. */
function isReached(): boolean {
  count += 1
  return count === commits + 1
}

function fail(): void {
  process.kill(process.pid, 'SIGKILL')
}

const { commit } = Connection.prototype
Connection.prototype.commit = function () {
  const isFault = isReached()
  if (isFault && side === 'before') fail()
  commit.call(this)
  if (isFault && side === 'after') fail()
}

const query = pg.Client.prototype.query as (...values: unknown[]) => Promise<unknown>
pg.Client.prototype.query = function (this: pg.Client, ...values: unknown[]) {
  const [statement] = values
  const text = typeof statement === 'string' ? statement : String((statement as { text?: string } | undefined)?.text)
  const isFault = text.includes('COMMIT') && isReached()
  if (isFault && side === 'before') fail()
  const result = query.apply(this, values)
  return isFault && side === 'after' ? result.finally(fail) : result
} as typeof pg.Client.prototype.query
