/**
 * Module that an engine loads first. It kills or suspends its process at a boundary of a poll that fires. `POLL_FAULT`
 * is a `PollFault` as JSON.
 */

import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import pg from 'pg'
import { TickRecorder } from '../../src/engine/triggers/tick-recorder.ts'
import { Dispatcher } from '../../src/host/dispatcher.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import type { PollFault } from './poll-boundaries.ts'

const { boundary, signal, polls, lost } = JSON.parse(process.env.POLL_FAULT ?? '') as PollFault
/** Number of polls that have fired. */
let fired = 0
/** `answered`: the poll at which the fault happens has fired. `stored`: its tick is in the open transaction. */
let progress: 'waiting' | 'answered' | 'stored' | 'over' = 'waiting'

function failAt(reached: PollFault['boundary']): void {
  if (boundary !== reached || progress === 'over') return
  progress = 'over'
  writeSync(2, `fault ${reached}\n`)
  process.kill(process.pid, signal)
}

const { poll } = Dispatcher.prototype
Dispatcher.prototype.poll = function (request) {
  if (fired === polls) failAt('before the poll')
  const answer = poll.call(this, request)
  if (fired === polls) failAt('in the poll')
  return answer
}

const { record } = TickRecorder.prototype
TickRecorder.prototype.record = function (trigger, each, outcome) {
  if (outcome.kind !== 'fired') return record.call(this, trigger, each, outcome)
  fired += 1
  if (loss === 'waiting') loss = 'firing'
  // An engine that was suspended and has a lease again does not read the rest of the stream.
  if (progress === 'over') process.kill(process.pid, 'SIGKILL')
  if (fired === polls + 1) {
    progress = 'answered'
    failAt('before the transaction')
    const { counters } = trigger
    const { polled } = counters
    counters.polled = (...facts) => {
      failAt('before the announcement')
      counters.polled = polled
      polled.apply(counters, facts)
    }
  }
  return record.call(this, trigger, each, outcome)
}

// On SQLite, the firing is in the next transaction.
const { commit } = Connection.prototype
Connection.prototype.commit = function () {
  const isStored = progress === 'answered'
  if (isStored) failAt('before the commit')
  commit.call(this)
  if (isStored) failAt('after the commit')
}

type Connected = pg.Client & { readonly connection: { readonly stream: Socket } }
/** `firing`: the first poll has fired. `stored`: its tick is in the open transaction. */
let loss: 'waiting' | 'firing' | 'stored' | 'over' = polls > 0 ? 'waiting' : 'over'

/** Loses the connection, as if the network failed. */
function loseCommit({ connection: { stream } }: Connected): void {
  loss = 'over'
  writeSync(2, `lost ${lost}\n`)
  if (lost === 'before') {
    stream.destroy()
    return
  }
  stream.removeAllListeners('data')
  // The server answers after the commit.
  stream.once('data', () => stream.destroy())
}

// On PostgreSQL, another transaction may still be running.
const query = pg.Client.prototype.query as (...values: unknown[]) => Promise<unknown>
pg.Client.prototype.query = function (this: Connected, ...values: unknown[]) {
  const [statement] = values
  const text = typeof statement === 'string' ? statement : String((statement as { text?: string } | undefined)?.text)
  if (text.includes('INSERT INTO ticks')) {
    if (progress === 'answered') progress = 'stored'
    if (loss === 'firing') loss = 'stored'
  }
  const isCommit = text.includes('COMMIT')
  if (isCommit && loss === 'stored') loseCommit(this)
  const isStored = progress === 'stored' && isCommit
  if (isStored) failAt('before the commit')
  const result = query.apply(this, values)
  return isStored ? result.finally(() => failAt('after the commit')) : result
} as typeof pg.Client.prototype.query
