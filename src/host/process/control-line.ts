/**
 * The engine's end of an interpreter's control descriptor: what it wants of running Python. The operations are those of the
 * mailbox (`signal-mailbox.ts`), which lies in the interpreter's process and into which its control thread puts them.
 * Used by the watchdog, the time slices and whoever hands on signals. Nothing that is asked for waits.
 */

import type { Duplex } from 'node:stream'
import { CONTROL_NUMBER_BYTES, CONTROL_REPORTS, type ControlOperation, controlRecord } from '../../border/channel.ts'
import type { StackToken } from '../../border/protocol.ts'

const RECORD_BYTES = 2 * CONTROL_NUMBER_BYTES

/** What there is a ceiling for. Memory in MiB. */
export type Resource = 'memory' | 'open files' | 'threads'

export class ControlLine {
  readonly #stream: Duplex
  readonly #onResource: (resource: Resource, amount: number) => void
  #misses = 0
  #runningToken: StackToken = 0
  #memoryMebibytes: number | null = null
  #rest: Buffer = Buffer.alloc(0)

  /** `onResource`: there is so much in use that a ceiling is near. */
  constructor(stream: Duplex, onResource: (resource: Resource, amount: number) => void) {
    this.#stream = stream
    this.#onResource = onResource
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  /** How many interrupts met another stack than they were meant for: so many times others were computing. */
  get misses(): number {
    return this.#misses
  }

  /** The stack that ran when it was last interrupted, or had much memory; 0 when none did, or it cannot be told. */
  get runningToken(): StackToken {
    return this.#runningToken
  }

  /** What its process had when it was last said, within a second of a change; null before the first time. */
  get memoryMebibytes(): number | null {
    return this.#memoryMebibytes
  }

  /** Makes Python look, for what it does now and then. */
  requestCheck(): void {
    this.#send('requestCheck')
  }

  /** Puts a signal in, and wakes the interpreter for it. */
  raise(signum: number): void {
    this.#send('raise', signum)
  }

  /** Stops the stack with this token if it is the one that runs. */
  interrupt(token: StackToken): void {
    this.#send('interrupt', token)
  }

  /** The same for one that is cancelled: it is stopped once, however often it is asked to. */
  interruptCancelled(token: StackToken): void {
    this.#send('interrupt', -token)
  }

  /** Asks the stack that runs to give way to others. */
  endSlice(): void {
    this.#send('endSlice')
  }

  /** The engine has done what the interpreter waits for. */
  acknowledge(): void {
    this.#send('acknowledge')
  }

  #send(operation: ControlOperation, argument = 0): void {
    if (this.#stream.writable) this.#stream.write(controlRecord(operation, argument))
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (; bytes.length - at >= RECORD_BYTES; at += RECORD_BYTES) {
      const value = bytes.readUInt32LE(at + CONTROL_NUMBER_BYTES)
      switch (bytes.readUInt32LE(at)) {
        case CONTROL_REPORTS.misses:
          this.#misses = value
          break
        case CONTROL_REPORTS.runningToken:
          this.#runningToken = value
          break
        case CONTROL_REPORTS.memoryMebibytes:
          this.#memoryMebibytes = value
          break
        case CONTROL_REPORTS.residentMebibytes:
          this.#onResource('memory', value)
          break
        case CONTROL_REPORTS.openFiles:
          this.#onResource('open files', value)
          break
        default: // of a script that writes to the descriptor: it can confuse nobody but itself
      }
    }
    this.#rest = bytes.subarray(at)
  }
}
