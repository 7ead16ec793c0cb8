/**
 * Sends and receives the messages of one interpreter's process, and reports its end. Owned by `interpreter-process.ts`,
 * which interprets the messages. Nothing is received after the end.
 */

import type { Readable } from 'node:stream'
import { AdaptiveSpin, isAnsweredSoon } from '../../border/adaptive-spin.ts'
import { encodeFrame, FrameReader } from '../../border/frames.ts'
import type { FromInterpreter, StackToken, ToInterpreter } from '../../border/protocol.ts'
import { isBorderTraced, traceMessage } from '../../border/trace.ts'
import type { Clock } from '../../engine/clock-port.ts'
import { toError } from '../../errors.ts'
import type { Hello, Peer } from '../peers/peer.ts'
import { ControlLine, type LimitedResource } from './control-line.ts'

/** Messages that are not about its own children. */
export type EngineMessage = Exclude<FromInterpreter, { readonly type: 'child' }>

export interface ChildEvents {
  received(message: EngineMessage): void
  /** Reports each second that a resource is close to its limit. */
  nearCeiling(resource: LimitedResource, amount: number): void
  /** Called once, at the end. `reason` continues a sentence that starts with "it"; `signal` ended the process. */
  ended(reason: string, signal: NodeJS.Signals | null): void
}

interface Started {
  readonly token: StackToken
  /** False if it is in the group of another process. */
  readonly leadsGroup: boolean
}

/** Time for the output that a process has written just before its end. */
const LAST_WORDS_WITHIN_MS = 50
/** Python receives a request to stop immediately, unless none of its threads can run. */
const HEARD_WITHIN_MS = 100
const LOOK_AT_MEMORY_EVERY_MS = 500
/** A killed process ends immediately, unless the system blocks it, as in a read from a network file system. */
const GONE_WITHIN_MS = 1_000

export class InterpreterChild {
  readonly control: ControlLine
  readonly #peer: Peer
  readonly #clock: Clock
  readonly #events: ChildEvents
  readonly #started = new Map<number, Started>()
  /** Calls that were asked to stop, and whose interpreter has not confirmed it. */
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

  /** Settles when the process is gone and its files and locks are free. Waits at most a second. */
  async gone(): Promise<void> {
    const limit = Promise.withResolvers<void>()
    const timer = this.#clock.wakeAfter(GONE_WITHIN_MS, limit.resolve)
    await Promise.race([this.#peer.exited, limit.promise])
    timer.cancel()
  }

  /** Writes messages of one tick together. Throws `FrameError` if a message is too large. */
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

  /** Lets the engine's process end while this one runs. */
  unref(): void {
    this.#peer.unref()
  }

  kill(): void {
    this.#peer.kill()
  }

  /** Returns the stacks of Python's threads, or null if its process cannot tell them. */
  async stacks(): Promise<string | null> {
    return (this.#hello === null ? null : await this.#peer.dumpStacks(this.#hello))?.trimEnd() ?? null
  }

  /** Calls `told` with the stacks, and ignores calls until then. Returns false if its process cannot tell them. */
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

  /** Kills the running children of an entry, with their groups. Called first, so that it does not wait for them. */
  killGroupsOf(token: StackToken): void {
    for (const [pid, { token: starter, leadsGroup }] of this.#started) {
      if (starter !== token) continue
      try {
        process.kill(leadsGroup ? -pid : pid, 'SIGKILL')
      } catch {
        this.#started.delete(pid)
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

  /** Checks the memory from outside, because Python cannot report it while C code runs. */
  #watchMemory(reportFromMebibytes: number | null): void {
    if (reportFromMebibytes === null || this.#peer.residentMebibytes() === null) return
    this.#clock.wakeAfter(LOOK_AT_MEMORY_EVERY_MS, () => {
      if (this.#hasEnded) return
      const mebibytes = this.#peer.residentMebibytes()
      if (mebibytes !== null && mebibytes >= reportFromMebibytes) this.#events.nearCeiling('memory', mebibytes)
      this.#watchMemory(reportFromMebibytes)
    })
  }

  /** Sends a signal, because C code that blocks all threads may check for signals, as regular expressions do. */
  #signalUnlessHeard(token: StackToken): void {
    const { pid, stopSignal } = this.#hello ?? { pid: 0, stopSignal: null }
    if (stopSignal === null) return
    this.#unheard.add(token)
    this.#clock.wakeAfter(HEARD_WITHIN_MS, () => {
      if (!this.#unheard.delete(token) || this.#hasEnded) return
      try {
        process.kill(pid, stopSignal)
      } catch {
        return // the process has ended
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
      (bytes, path) => (isBytes(path.at(-1)) ? bytes : bytes.toString()),
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

/** Returns whether a field of a message contains bytes and not text. */
function isBytes(field: unknown): boolean {
  return field === 'snapshot' || field === 'bytes'
}
