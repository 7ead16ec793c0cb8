/**
 * The process of one interpreter, as an operating system knows it: started, written to, killed, ended. Owned by
 * `interpreter-process.ts`, which knows what is said. After its end nothing is received any more.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { CONTROL, MESSAGES_IN, MESSAGES_OUT } from '../../border/channel.ts'
import { encodeFrame, FrameReader } from '../../border/frames.ts'
import type { FromInterpreter, StackToken, ToInterpreter } from '../../border/protocol.ts'
import { isBorderTraced, traceMessage } from '../../border/trace.ts'
import type { Clock } from '../../engine/ports.ts'
import { toError } from '../../errors.ts'
import { ControlLine, type Resource } from './control-line.ts'

/** What it says that is not about its own children. */
export type ForEngine = Exclude<FromInterpreter, { readonly type: 'child' }>

export interface ChildEvents {
  received(message: ForEngine): void
  /** So much of something is in use that a ceiling is near. Said each second while it is so. */
  nearCeiling(resource: Resource, amount: number): void
  /** Called once, when it can neither be heard nor asked any more. `reason` goes on from "it"; `signal` is what ended it. */
  ended(reason: string, signal: NodeJS.Signals | null): void
}

export interface ChildOptions {
  /** It stands for one program, which has the terminal and its Ctrl-C; else it holds scripts that are served. */
  readonly isProgram: boolean
  /** Where its standard output goes. */
  readonly stdoutTo: 'stdout' | 'stderr'
  /** How much memory JavaScript's objects may take; beyond it the process ends. */
  readonly heapMebibytes: number
  readonly environ: NodeJS.ProcessEnv
  /** Open in it from `FIRST_HANDED` on. */
  readonly handedDescriptors: readonly number[]
  /** Where compiled JavaScript is kept for the next start, if anywhere. */
  readonly compileCacheFolder: string | null
}

const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? '../../interpreter/entry.ts' : '../../interpreter/entry.js',
  import.meta.url,
)
const STDERR = 2

function argumentsOf({ heapMebibytes, compileCacheFolder }: ChildOptions): string[] {
  return [`--max-old-space-size=${heapMebibytes}`, fileURLToPath(ENTRY), compileCacheFolder ?? '']
}

function standardStreams({ stdoutTo }: ChildOptions): ('inherit' | number)[] {
  return ['inherit', stdoutTo === 'stderr' ? STDERR : 'inherit', 'inherit']
}

type Lines = readonly (Readable | Writable | null | undefined)[]

/** Node gives a process none that it could not start because descriptors had run out. */
const NO_LINES: Lines = Array.from(
  { length: 6 },
  () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }),
)

interface Started {
  readonly token: StackToken
  /** Else it is in the group of another process. */
  readonly leadsGroup: boolean
}

/** For what a process has written just before its end. */
const LAST_WORDS_WITHIN_MS = 50
/** A process that is killed ends at once, unless the system holds it, as in a file on a network that does not answer. */
const GONE_WITHIN_MS = 1_000

export class InterpreterChild {
  readonly control: ControlLine
  readonly #process: ChildProcess
  readonly #clock: Clock
  readonly #events: ChildEvents
  readonly #messagesIn: Writable
  /** The processes that entries have started outside the interpreter's group. */
  readonly #started = new Map<number, Started>()
  readonly #exited = Promise.withResolvers<void>()
  #queue: Buffer[] = []
  #hasEnded = false

  constructor(options: ChildOptions, clock: Clock, events: ChildEvents) {
    this.#clock = clock
    this.#events = events
    this.#process = spawn(process.execPath, argumentsOf(options), {
      stdio: [...standardStreams(options), 'pipe', 'pipe', 'pipe', ...options.handedDescriptors],
      env: options.environ,
      // What a terminal sends to its foreground group is for the engine, which stops in order.
      detached: !options.isProgram,
      windowsHide: true,
    })
    this.#process.on('error', (error) => {
      if (this.pid === undefined) this.#exited.resolve()
      this.#end(`could not be started: ${error.message}`, null)
    })
    const stdio: Lines = this.#process.stdio ?? NO_LINES
    this.#messagesIn = stdio[MESSAGES_IN] as Writable
    const messagesOut = stdio[MESSAGES_OUT] as Readable
    const control = stdio[CONTROL] as Duplex
    // A write to a process that has just died fails, which its end reports as well.
    for (const stream of [this.#messagesIn, messagesOut, control]) stream.on('error', () => undefined)
    this.control = new ControlLine(control, (resource, amount) => events.nearCeiling(resource, amount))
    this.#readMessages(messagesOut)
    this.#process.on('exit', (code, signal) => {
      this.#exited.resolve()
      const reason = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
      const end = (): void => this.#end(reason, signal)
      messagesOut.once('end', end)
      clock.wakeAfter(LAST_WORDS_WITHIN_MS, end)
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Settles when there is no such process any more: what it had open and locked is free. Waits a second at most. */
  async gone(): Promise<void> {
    const timer = this.#clock.wakeAfter(GONE_WITHIN_MS, this.#exited.resolve)
    await this.#exited.promise
    timer.cancel()
  }

  /** Messages of one tick of the event loop are written together. An overdue entry first loses what it has started. Throws `FrameError` for one that is too large. */
  post(message: ToInterpreter): void {
    if (this.#hasEnded) return
    if (isBorderTraced) traceMessage('→', this.pid ?? 0, message)
    if (message.type === 'overdue') this.killGroupsOf(message.token)
    if (this.#queue.length === 0) queueMicrotask(() => this.#flush())
    this.#queue.push(...encodeFrame(message))
  }

  /** Whether the engine's process stays for it. */
  unref(): void {
    this.#process.unref()
    for (const stream of this.#process.stdio ?? []) (stream as { unref?: () => void } | null | undefined)?.unref?.()
  }

  /** Ends it at once, whatever it does. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** Kills what an entry has started and what still runs of it, with its groups: first of all, so that it does not wait for them. */
  killGroupsOf(token: StackToken): void {
    for (const [pid, { token: starter, leadsGroup }] of this.#started) {
      if (starter !== token) continue
      try {
        process.kill(leadsGroup ? -pid : pid, 'SIGKILL')
      } catch {
        this.#started.delete(pid) // it has ended meanwhile
      }
    }
  }

  #receive(message: FromInterpreter): void {
    if (isBorderTraced) traceMessage('←', this.pid ?? 0, message)
    if (message.type !== 'child') {
      if (!this.#hasEnded) this.#events.received(message)
    } else if (message.isRunning) this.#started.set(message.pid, message)
    else this.#started.delete(message.pid)
  }

  #flush(): void {
    const [first, ...others] = this.#queue
    this.#queue = []
    if (first === undefined || !this.#messagesIn.writable) return
    this.#messagesIn.write(others.length === 0 ? first : Buffer.concat([first, ...others]))
  }

  #readMessages(stream: Readable): void {
    const reader = new FrameReader(
      (message) => this.#receive(message as FromInterpreter),
      (bytes, path) => (path.at(-1) === 'snapshot' ? bytes : bytes.toString()),
    )
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
      } catch (error) {
        this.kill()
        this.#end(`said what could not be understood: ${toError(error).message}`, null)
      }
    })
  }

  #end(reason: string, signal: NodeJS.Signals | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#events.ended(reason, signal)
  }
}
