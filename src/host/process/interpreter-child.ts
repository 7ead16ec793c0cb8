/**
 * The lines of one interpreter: what is written to its process and read from it, and its end. Owned by
 * `interpreter-process.ts`, which knows what is said. After its end nothing is received any more.
 */

import type { Readable } from 'node:stream'
import { AdaptiveSpin, isAnsweredSoon } from '../../border/adaptive-spin.ts'
import { encodeFrame, FrameReader } from '../../border/frames.ts'
import type { FromInterpreter, StackToken, ToInterpreter } from '../../border/protocol.ts'
import { isBorderTraced, traceMessage } from '../../border/trace.ts'
import type { Clock } from '../../engine/ports.ts'
import { toError } from '../../errors.ts'
import type { Hello, Peer } from '../peers/peer.ts'
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

interface Started {
  readonly token: StackToken
  /** Else it is in the group of another process. */
  readonly leadsGroup: boolean
}

/** For what a process has written just before its end. */
const LAST_WORDS_WITHIN_MS = 50
/** What stops a call is heard at once, unless no thread of Python's can run. */
const HEARD_WITHIN_MS = 100
const LOOK_AT_MEMORY_EVERY_MS = 500
/** A process that is killed ends at once, unless the system holds it, as in a file on a network that does not answer. */
const GONE_WITHIN_MS = 1_000

export class InterpreterChild {
  readonly control: ControlLine
  readonly #peer: Peer
  readonly #clock: Clock
  readonly #events: ChildEvents
  /** The processes that entries have started outside the interpreter's group. */
  readonly #started = new Map<number, Started>()
  /** Calls that were told to stop, of which it has not said that it has heard that. */
  readonly #unheard = new Set<StackToken>()
  #queue: Buffer[] = []
  readonly #spin = new AdaptiveSpin()
  #hello: Hello | null = null
  #isTelling = false
  #hasEnded = false

  constructor(peer: Peer, clock: Clock, events: ChildEvents) {
    this.#peer = peer
    this.#clock = clock
    this.#events = events
    this.control = new ControlLine(peer.control, (resource, amount) => events.nearCeiling(resource, amount))
    this.#readMessages(peer.messagesOut)
    peer.onEnd((reason, signal) => {
      const end = (): void => this.#end(reason, signal)
      if (peer.pid === undefined) return end()
      peer.messagesOut.once('end', end)
      clock.wakeAfter(LAST_WORDS_WITHIN_MS, end)
    })
  }

  get pid(): number | undefined {
    return this.#peer.pid
  }

  /** Settles when there is no such process any more: what it had open and locked is free. Waits a second at most. */
  async gone(): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(GONE_WITHIN_MS, limit.resolve)
    await Promise.race([this.#peer.exited, limit.promise])
    timer.cancel()
  }

  /** Messages of one tick of the event loop are written together. An overdue entry first loses what it has started. Throws `FrameError` for one that is too large. */
  post(message: ToInterpreter): void {
    if (this.#hasEnded) return
    if (isBorderTraced) traceMessage('→', this.pid ?? 0, message)
    if (message.type === 'start') this.#watchMemory(message.data.ceilings.reportFrom?.residentMebibytes ?? null)
    if (message.type === 'overdue') {
      this.killGroupsOf(message.token)
      this.#signalUnlessHeard(message.token)
    }
    if (isAnsweredSoon(message)) this.#spin.sent()
    if (this.#queue.length === 0) queueMicrotask(() => this.#flush())
    this.#queue.push(...encodeFrame(message))
  }

  /** Whether the engine's process stays for it. */
  unref(): void {
    this.#peer.unref()
  }

  /** Ends it at once, whatever it does. */
  kill(): void {
    this.#peer.kill()
  }

  /** What each thread of Python does; null where its process cannot tell. */
  async stacks(): Promise<string | null> {
    return (this.#hello === null ? null : await this.#peer.dumpStacks(this.#hello))?.trimEnd() ?? null
  }

  /** Calls back with the same; while that is not done, nobody else is called. False where its process cannot tell. */
  tellStacks(told: (stacks: string | null) => void): boolean {
    if (this.#hello?.stacksSignal == null) return false
    if (this.#isTelling) return true
    this.#isTelling = true
    void this.stacks().then((stacks) => {
      this.#isTelling = false
      told(stacks)
    })
    return true
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
    if (message.type === 'hello') this.#hello = message
    if (message.type === 'acknowledged') this.#unheard.delete(message.token)
    if (message.type !== 'child') {
      if (!this.#hasEnded) this.#events.received(message)
    } else if (message.isRunning) this.#started.set(message.pid, message)
    else this.#started.delete(message.pid)
  }

  /** Beside what Python says itself, which it cannot while C code runs. */
  #watchMemory(reportFromMebibytes: number | null): void {
    if (reportFromMebibytes === null || this.#peer.residentMebibytes() === null) return
    this.#clock.wakeAfter(LOOK_AT_MEMORY_EVERY_MS, () => {
      if (this.#hasEnded) return
      const mebibytes = this.#peer.residentMebibytes()
      if (mebibytes !== null && mebibytes >= reportFromMebibytes) this.#events.nearCeiling('memory', mebibytes)
      this.#watchMemory(reportFromMebibytes)
    })
  }

  /** C code that lets no thread listen may look for signals all the same, as regular expressions do. */
  #signalUnlessHeard(token: StackToken): void {
    const { pid, stopSignal } = this.#hello ?? { pid: 0, stopSignal: null }
    if (stopSignal === null) return
    this.#unheard.add(token)
    this.#clock.wakeAfter(HEARD_WITHIN_MS, () => {
      if (!this.#unheard.delete(token) || this.#hasEnded) return
      try {
        process.kill(pid, stopSignal)
      } catch {
        return // it has ended meanwhile
      }
      this.#signalUnlessHeard(token)
    })
  }

  #flush(): void {
    const [first, ...others] = this.#queue
    this.#queue = []
    const { messagesIn } = this.#peer
    if (first === undefined || !messagesIn.writable) return
    messagesIn.write(others.length === 0 ? first : Buffer.concat([first, ...others]))
  }

  #readMessages(stream: Readable): void {
    const reader = new FrameReader(
      (message) => this.#receive(message as FromInterpreter),
      (bytes, path) => (path.at(-1) === 'snapshot' ? bytes : bytes.toString()),
    )
    stream.on('data', (chunk: Buffer) => {
      this.#spin.received()
      try {
        reader.push(chunk)
      } catch (error) {
        this.kill()
        this.#end(`sent an invalid message: ${toError(error).message.replace(/\.$/, '')}`, null)
      }
    })
  }

  #end(reason: string, signal: NodeJS.Signals | null): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#events.ended(reason, signal)
  }
}
