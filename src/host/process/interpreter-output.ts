/**
 * Makes lines of what an interpreter prints. Python's own output arrives as messages, with its call. Output of children
 * and native code arrives through the pipes of the process. It is assigned to the only open call, and to none if there
 * are several. Owned by `interpreter-process.ts`.
 */

import type { FromInterpreter, StackToken } from '../../border/protocol.ts'
import type { Clock } from '../../engine/clock-port.ts'
import type { LogRecord } from '../../model/logs/log-record.ts'
import { type PrintedLines, printedLines } from '../../output/printed-lines.ts'
import { type LineOrigin, lineFromRecord, lineOrigin } from '../../output/script-line.ts'
import type { OutputPipe, ProcessOutput } from '../peers/output-pipes.ts'
import type { OutputEvents } from './call-answers.ts'
import type { OpenRequests } from './open-requests.ts'

/** Time for the last output of a process that has ended. A child of it may keep the pipe open for longer. */
const LAST_OUTPUT_WITHIN_MS = 100
/** With more open calls, the output of children is assigned to none. */
const MAX_OPEN_FOR_READ = 2
/** Call number of the output of children and native code. */
const NO_CALL = 0

export type OutputMessage = Extract<FromInterpreter, { readonly type: 'printed' | 'logged' }>

export class InterpreterOutput {
  readonly #events: OutputEvents
  readonly #open: OpenRequests
  readonly #clock: Clock
  readonly #pipes: ProcessOutput
  readonly #lines: { readonly stdout: PrintedLines; readonly stderr: PrintedLines }
  readonly #ended: Promise<unknown>

  constructor(pipes: ProcessOutput, events: OutputEvents, open: OpenRequests, clock: Clock) {
    this.#events = events
    this.#open = open
    this.#clock = clock
    this.#pipes = pipes
    const originOf = (token: StackToken) => this.#originOf(token)
    const linesOf = (stream: 'stdout' | 'stderr') => printedLines(stream, events.sink, originOf)
    this.#lines = { stdout: linesOf('stdout'), stderr: linesOf('stderr') }
    this.#ended = Promise.all([this.#read(pipes.stdout, 'stdout'), this.#read(pipes.stderr, 'stderr')])
  }

  received(message: OutputMessage): void {
    const { token } = message
    if (message.type === 'printed') this.#lines[message.stream].write(token, message.bytes)
    else this.#events.sink(lineFromRecord(JSON.parse(message.recordJson) as LogRecord, this.#originOf(token)))
  }

  /** Must be called before the request of the call is removed. First takes what its children have written so far. */
  callEnds(token: StackToken): void {
    if (this.#open.size <= MAX_OPEN_FOR_READ) this.#readNow()
    this.#lines.stdout.ended(token)
    this.#lines.stderr.ended(token)
  }

  /** Passes on all unfinished lines. */
  end(): void {
    this.#readNow()
    this.#lines.stdout.end()
    this.#lines.stderr.end()
  }

  /** Settles when the output of the ended process is read. */
  async drain(): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(LAST_OUTPUT_WITHIN_MS, limit.resolve)
    await Promise.race([this.#ended, limit.promise])
    timer.cancel()
    this.end()
  }

  #originOf(token: StackToken): LineOrigin {
    return lineOrigin(this.#open.namesOf(token) ?? this.#events.processNames())
  }

  #readNow(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const pipe = this.#pipes[stream]
      for (let chunk = pipe.readNow(); chunk !== null; chunk = pipe.readNow()) this.#lines[stream].write(NO_CALL, chunk)
      this.#lines[stream].ended(NO_CALL)
    }
  }

  #read({ stream }: OutputPipe, name: 'stdout' | 'stderr'): Promise<void> {
    return new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => this.#lines[name].write(NO_CALL, chunk))
      stream.on('close', () => {
        this.#lines[name].ended(NO_CALL)
        resolve()
      })
    })
  }
}
