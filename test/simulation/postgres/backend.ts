/**
 * The server's end of one connection. Statements arrive in turns of its own event loop, so that those of several connections
 * interleave as the simulation draws it, and each is carried out alone. The answer travels back to the event loop of the process.
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

/** A statement that the real server carries out. */
interface Sent extends Asked {
  /** The recorded changes of the transaction are the first of its answers. */
  readonly isRecorded: boolean
  /** Its answer is lost. */
  readonly isLost: boolean
  readonly answer: Promise<{ readonly error: Error } | { readonly answer: Answer }>
}

/** Most messages take less than this in each direction. */
const TRANSIT_MS = 0.6

export class Backend implements ServerEnd {
  readonly name: string
  readonly process: SimulatedProcess
  readonly #ports: BackendPorts
  readonly #server: Server
  readonly #loop: ProcessLoop
  #connection: RealConnection | null = null
  #waiting: Waiting | null = null
  /** Statements in transit that were sent in one turn: they arrive together. */
  #sending: { readonly at: number; readonly asked: Asked[] } | null = null
  readonly #asked: Asked[] = []
  /** The client ends the connection when everything that it asked is answered. */
  #atEnd: (() => void) | null = null
  #isBusy = false
  #isGone = false
  isListening = false
  /** The transaction under way may write. */
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

  /** The connection is cut. The server rolls back, and the process receives an error some time later. */
  cut(error: Error = this.#ports.faults.cutError()): void {
    if (this.#isGone) return
    this.#server.log(`cut ${this.name}: ${error.message}`)
    this.#leave()
    this.#deliver(() => this.#ports.client.lost(error))
  }

  /** The process was killed: nothing that it sent is carried out any more. */
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

  /** Only the last of the statements may wait for a lock. */
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
    // An aborted transaction commits nothing, and PostgreSQL answers its COMMIT without an error.
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

  /** The real server has answered. `cancelled`: error of the last statement, which waited for a lock for too long. */
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

  /** A transaction whose process sends nothing is ended by the server. */
  #limitIdleTime(): void {
    const { idleMs } = this.#limits
    if (idleMs === null || this.#connection === null || this.#connection.status === 'I') return
    const error = serverError('25P03', 'terminating connection due to idle-in-transaction timeout')
    this.#idle = this.#loop.timer(this.#server.loop.now + idleMs, () => this.cut(error))
  }

  /** The server notices that the client is gone. */
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

/** Answers of all but the first statement. */
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
