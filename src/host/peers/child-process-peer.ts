/** Peer that is a child process, with the descriptors of `border/channel.ts`. Owned by the code that spawns it. */

import type { ChildProcess } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { CONTROL, MESSAGES_IN, MESSAGES_OUT } from '../../border/channel.ts'
import type { ProcessOutput } from './output-pipes.ts'
import type { Hello, Peer } from './peer.ts'

type Lines = readonly (Readable | Writable | null | undefined)[]

/** Lines of a process that could not be started because descriptors ran out: Node gives it none. */
const NO_LINES: Lines = Array.from(
  { length: 6 },
  () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }),
)

export class ChildProcessPeer implements Peer {
  readonly messagesIn: Writable
  readonly messagesOut: Readable
  readonly control: Duplex
  readonly output: ProcessOutput | null
  protected readonly process: ChildProcess
  protected readonly left: Promise<void>
  #ended: ((reason: string, signal: NodeJS.Signals | null) => void) | null = null
  /** End that is not reported yet. */
  #end: readonly [reason: string, signal: NodeJS.Signals | null] | null = null

  constructor(process: ChildProcess, output: ProcessOutput | null) {
    this.process = process
    this.output = output
    const left = Promise.withResolvers<void>()
    this.left = left.promise
    process.on('error', (error) => {
      if (this.pid === undefined) left.resolve()
      this.#tell(`did not start: ${error.message}`, null)
    })
    process.on('exit', (code, signal) => {
      left.resolve()
      this.#tell(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`, signal)
    })
    const stdio: Lines = process.stdio ?? NO_LINES
    this.messagesIn = stdio[MESSAGES_IN] as Writable
    this.messagesOut = stdio[MESSAGES_OUT] as Readable
    this.control = stdio[CONTROL] as Duplex
    // Ignored: the end of the process reports a failed write as well
    for (const stream of [this.messagesIn, this.messagesOut, this.control]) stream.on('error', () => undefined)
  }

  get exited(): Promise<void> {
    return this.left
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  onEnd(ended: (reason: string, signal: NodeJS.Signals | null) => void): void {
    this.#ended = ended
    const end = this.#end
    if (end !== null) queueMicrotask(() => ended(...end))
  }

  #tell(...end: readonly [reason: string, signal: NodeJS.Signals | null]): void {
    if (this.#ended === null) this.#end = end
    else this.#ended(...end)
  }

  unref(): void {
    this.process.unref()
    for (const stream of this.process.stdio ?? []) (stream as { unref?: () => void } | null | undefined)?.unref?.()
  }

  kill(): void {
    this.process.kill('SIGKILL')
  }

  residentMebibytes(): number | null {
    return null
  }

  dumpStacks(_hello: Hello): Promise<string | null> {
    return Promise.resolve(null)
  }
}
