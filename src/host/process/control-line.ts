/**
 * Engine's end of an interpreter's control descriptor, for requests to running Python. The operations are those of
 * `signal-mailbox.ts`. Used by the watchdog, the time slices and senders of signals. No operation waits.
 */

import type { Duplex } from 'node:stream'
import { CONTROL_NUMBER_BYTES, CONTROL_REPORTS, type ControlOperation, controlRecord } from '../../border/channel.ts'
import { machineNowMs } from '../../border/machine-clock.ts'
import type { StackToken } from '../../border/protocol.ts'

const RECORD_BYTES = 2 * CONTROL_NUMBER_BYTES
const DAY_MS = 86_400_000

/** Limited resources. Memory in MiB. */
export type LimitedResource = 'memory' | 'open files' | 'threads'

export class ControlLine {
  readonly #stream: Duplex
  readonly #onResource: (resource: LimitedResource, amount: number) => void
  #misses = 0
  #runningToken: StackToken = 0
  #memoryMebibytes: number | null = null
  #rest: Buffer = Buffer.alloc(0)

  /** Calls `onResource` if a resource is close to its limit. */
  constructor(stream: Duplex, onResource: (resource: LimitedResource, amount: number) => void) {
    this.#stream = stream
    this.#onResource = onResource
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
  }

  /** Number of interrupts that met another stack, because others were computing. */
  get misses(): number {
    return this.#misses
  }

  /** Stack that ran at the last interrupt, or had much memory; 0 if none did, or if it is not known. */
  get runningToken(): StackToken {
    return this.#runningToken
  }

  /** Memory of its process, at most a second old; null before the first report. */
  get memoryMebibytes(): number | null {
    return this.#memoryMebibytes
  }

  /** Makes Python run its periodic checks. */
  requestCheck(): void {
    this.#send('requestCheck')
  }

  raise(signum: number): void {
    this.#send('raise', signum)
  }

  interrupt(token: StackToken): void {
    this.#send('interrupt', token)
  }

  /** Stops a cancelled stack, at most once, however often this is called. */
  interruptCancelled(token: StackToken): void {
    this.#send('interrupt', -token)
  }

  /** Asks the running stack to yield to others. */
  endSlice(): void {
    this.#send('endSlice')
  }

  /** Sets the time until which attempts with limits may run, in milliseconds on the machine's monotonic clock. */
  runUntil(machineMs: number): void {
    const now = machineNowMs()
    // Within the range in which 32 bits are enough to compare it.
    this.#send('runUntil', Math.floor(Math.min(Math.max(machineMs, now - DAY_MS), now + DAY_MS)) % 2 ** 32)
  }

  /** No attempt with limits is open. */
  runFreely(): void {
    this.#send('runFreely')
  }

  /** Confirms that the engine has done what the interpreter waits for. */
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
        default: // a script wrote to the descriptor, and harms only itself
      }
    }
    this.#rest = bytes.subarray(at)
  }
}
