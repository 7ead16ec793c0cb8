/**
 * Server end of one connection. Statements arrive in turns of its own event loop and run one at a time, so that the
 * simulation determines the order of the statements of several connections. Results return to the event loop of the
 * process.
 */

import type { ClientConfig } from 'pg'
import type { ProcessLoop, ScheduledCallback } from '../loop.ts'
import type { SeededRandom } from '../random.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import { type ServerFaults, serverError } from './connection-faults.ts'
import type { Waiting } from './lock-waits.ts'
import type { Answer, RealConnection } from './real-connections.ts'
import { type LogRecord, READ_LOG } from './recording.ts'
import type { Server } from './server.ts'
import type { ServerEnd, SimulatedClient } from './simulated-client.ts'
import { isReadOnly, isUnnoticed, type Limits, NO_LIMITS, type Statement, shownText } from './statements.ts'

export interface BackendPorts {
  readonly server: Server
  readonly name: string
  readonly process: SimulatedProcess
  readonly client: SimulatedClient
  readonly faults: ServerFaults
  readonly random: SeededRandom
}

type Settle = (error: Error | null, result?: Answer) => void

interface Asked {
  readonly statement: Statement
  readonly settle: Settle
}

/** Statement that was sent to the real server. */
interface Sent extends Asked {
  /** Whether the first result contains the recorded changes of the transaction. */
  readonly isRecorded: boolean
  /** Whether the process does not receive the result. */
  readonly isLost: boolean
  readonly answer: Promise<{ readonly error: Error } | { readonly answer: Answer }>
}

/** Usual maximum duration of a message in one direction. */
const TRANSIT_MS = 0.6

export class Backend implements ServerEnd {
  readonly name: string
  readonly process: SimulatedProcess
  readonly #ports: BackendPorts
  readonly #server: Server
  readonly #loop: ProcessLoop
  #connection: RealConnection | null = null
  #waiting: Waiting | null = null
  /** Statements in transit that were sent in one turn and arrive together. */
  #sending: { readonly at: number; readonly asked: Asked[] } | null = null
  readonly #asked: Asked[] = []
  /** Callback of a client that ends the connection after all results have arrived. */
  #atEnd: (() => void) | null = null
  #isBusy = false
  #isGone = false
  isListening = false
  /** Whether the current transaction may write. */
  #isWriting = false
  #limits: Limits = NO_LIMITS
  #idle: ScheduledCallback | null = null
  #lastArrivalAt = 0
  #lastAnswerAt = 0

  constructor(ports: BackendPorts) {
    this.#ports = ports
    this.#server = ports.server
    this.name = ports.name
    this.process = ports.process
    this.#loop = ports.server.loop.process(ports.name)
  }

  get isOpen(): boolean {
    return !this.#isGone && this.#ports.client.isOpen
  }

  connect(config: ClientConfig, answer: (error: Error | null) => void): void {
    this.#arrive(() => {
      const error = this.#ports.faults.connecting()
      this.#server.log(`connect ${this.name}${error === null ? '' : `: ${error.message}`}`)
      if (error !== null) this.#deliver(() => answer(error))
      else this.#server.work.add(() => this.#open(config, answer))
    })
  }

  ask(statement: Statement, settle: Settle): void {
    const at = this.#server.loop.now
    if (this.#sending?.at === at) {
      this.#sending.asked.push({ statement, settle })
      return
    }
    const sending = { at, asked: [{ statement, settle }] }
    this.#sending = sending
    this.#arrive(() => {
      if (this.#sending === sending) this.#sending = null
      this.#idle?.cancel()
      this.#asked.push(...sending.asked)
      this.#next()
    })
  }

  terminate(answer: () => void): void {
    if (this.#isGone) this.#deliver(answer)
    this.#arrive(() => {
      this.#atEnd = answer
      this.#next()
    })
  }

  /** Cuts the connection. The server rolls back, and the process receives an error some time later. */
  cut(error: Error = this.#ports.faults.cutError()): void {
    if (this.#isGone) return
    this.#server.log(`cut ${this.name}: ${error.message}`)
    this.#leave()
    this.#deliver(() => this.#ports.client.lost(error))
  }

  /** Drops the statements of a process that was killed. */
  abandon(): void {
    if (!this.#isGone) this.#leave()
  }

  async takeNotifications(): Promise<void> {
    const notifications = (await this.#connection?.takeNotifications()) ?? []
    for (const notification of notifications) this.#deliver(() => this.#ports.client.notified(notification))
  }

  async #open(config: ClientConfig, answer: (error: Error | null) => void): Promise<void> {
    if (this.#isGone) return
    this.#connection = await this.#server.connections.take(config)
    this.#deliver(() => answer(null))
  }

  #arrive(run: () => void): void {
    const { random, server } = this.#ports
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, server.loop.now + random.next() * TRANSIT_MS)
    if (!this.#isGone) this.#loop.answer(this.#lastArrivalAt, run)
  }

  #deliver(run: () => void): void {
    const { random, server, faults, process } = this.#ports
    const transitMs = random.next() * TRANSIT_MS + faults.lateMs()
    this.#lastAnswerAt = Math.max(this.#lastAnswerAt, server.loop.now + transitMs)
    process.loop.answer(this.#lastAnswerAt, run)
  }

  #next(): void {
    if (this.#isBusy || this.#isGone) return
    if (this.#asked.length === 0) {
      if (this.#atEnd === null) this.#limitIdleTime()
      else this.#terminated(this.#atEnd)
      return
    }
    const noticed = this.#asked.findIndex(({ statement }) => !isUnnoticed(statement))
    const asked = this.#asked.splice(0, noticed === -1 ? this.#asked.length : noticed + 1)
    this.#isBusy = true
    this.#server.work.add(() => this.#carryOut(asked))
  }

  #terminated(answer: () => void): void {
    this.#leave()
    this.#deliver(answer)
  }

  /** Runs statements that arrived together. Only the last statement may wait for a lock. */
  async #carryOut(asked: readonly Asked[]): Promise<void> {
    const connection = this.#connection
    if (this.#isGone || connection === null) return
    const sent: Sent[] = []
    for (const each of asked) {
      const next = this.#send(connection, each)
      if (next === 'cut') break
      sent.push(next)
    }
    if (this.#isGone) return void (await Promise.all(sent.map(({ answer }) => answer)))
    const answered = Promise.all(sent.map(({ answer }) => answer))
    const finish = async (cancelled: Error | null): Promise<void> => {
      this.#waiting = null
      await this.#finish(sent, cancelled)
    }
    const shown = `${this.name} ${shownText(asked.at(-1)?.statement)}`
    const waiting = { connection, timers: this.#loop, lockMs: this.#limits.lockMs, shown, answered, finish }
    this.#waiting = waiting
    if (await this.#server.locks.isAnswered(waiting)) await finish(null)
  }

  #send(connection: RealConnection, asked: Asked): Sent | 'cut' {
    const { statement } = asked
    if (statement.kind === 'begin') this.#isWriting = !isReadOnly(statement)
    this.#limits = { ...this.#limits, ...statement.limits }
    const verdict = this.#ports.faults.verdict(statement, this.#isWriting)
    if (verdict.kind === 'cut') {
      this.cut()
      return 'cut'
    }
    // An aborted transaction commits nothing, although PostgreSQL accepts its COMMIT without an error.
    const isCommit = statement.kind === 'commit' && this.#isWriting && connection.status === 'T'
    const isRecorded = isCommit && verdict.kind !== 'refuse'
    if (verdict.kind === 'refuse') this.#server.log(`refuse ${this.name} ${shownText(statement)}: ${verdict.code}`)
    const answer =
      verdict.kind === 'refuse'
        ? connection.refuse(verdict.code, isCommit)
        : connection.query(isRecorded ? `${READ_LOG}; ${statement.text}` : statement.text, statement.values)
    return {
      ...asked,
      isRecorded,
      isLost: verdict.kind === 'loseAnswer',
      answer: answer.then(
        (value) => ({ answer: value }),
        (error) => ({ error: error as Error }),
      ),
    }
  }

  /** Delivers results of the real server. `cancelled` is the error of a statement that waited too long for a lock. */
  async #finish(sent: readonly Sent[], cancelled: Error | null): Promise<void> {
    const answers: (() => void)[] = []
    for (const { statement, settle, isRecorded, isLost, answer } of sent) {
      const outcome = await answer
      const error = 'error' in outcome ? (cancelled ?? outcome.error) : null
      const result = 'answer' in outcome ? outcome.answer : undefined
      this.#server.log(`sql ${this.name} ${shownText(statement)} => ${error?.message ?? countOf(result)}`)
      if (error === null && isRecorded) this.#server.committed(this.process, logOf(result))
      if (error === null && statement.text.startsWith('LISTEN')) this.isListening = true
      if (error === null && statement.text.includes('pg_notify(')) await this.#server.notify()
      if (isLost) this.cut()
      answers.push(() => settle(error, isRecorded ? withoutLog(result) : result))
    }
    if (this.#connection?.status === 'I') {
      this.#isWriting = false
      this.#limits = NO_LIMITS
    }
    this.#isBusy = false
    if (!this.#isGone) {
      this.#deliver(() => {
        for (const settle of answers) settle()
      })
      this.#loop.answer(this.#server.loop.now, () => this.#next())
    }
    await this.#server.locks.release()
  }

  /** Starts the time limit after which the server ends an idle transaction. */
  #limitIdleTime(): void {
    const { idleMs } = this.#limits
    if (idleMs === null || this.#connection === null || this.#connection.status === 'I') return
    const error = serverError('25P03', 'terminating connection due to idle-in-transaction timeout')
    this.#idle = this.#loop.timer(this.#server.loop.now + idleMs, () => this.cut(error))
  }

  /** Ends the connection on the server. */
  #leave(): void {
    this.#isGone = true
    this.isListening = false
    this.#asked.length = 0
    this.#loop.end()
    this.#server.work.add(async () => {
      const connection = this.#connection
      this.#connection = null
      if (connection === null) return
      const waiting = this.#waiting
      this.#waiting = null
      if (waiting !== null && this.#server.locks.isWaiting(waiting)) await this.#server.locks.cancel(waiting)
      await this.#server.connections.giveBack(connection)
      await this.#server.locks.release()
    })
  }
}

/** Returns the results of all statements but the first. */
function withoutLog(answer: Answer | undefined): Answer | undefined {
  if (!Array.isArray(answer)) return answer
  const [, ...rest] = answer
  return rest.length === 1 ? rest[0] : rest
}

function logOf(answer: Answer | undefined): readonly LogRecord[] {
  return Array.isArray(answer) ? ((answer[0]?.rows ?? []) as LogRecord[]) : []
}

function countOf(answer: Answer | undefined): string {
  return Array.isArray(answer) ? `${answer.length} answers` : `${answer?.command} ${answer?.rowCount ?? ''}`
}
