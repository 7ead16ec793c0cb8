/**
 * Process at the other end of an interpreter's lines (`border/channel.ts`). Made by the code that starts it, and used
 * by `process/interpreter-child.ts`. `PeerKind` contains all differences between kinds of interpreters.
 */

import type { Duplex, Readable, Writable } from 'node:stream'
import type { FromInterpreter } from '../../border/protocol.ts'
import type { ProcessOutput } from './output-pipes.ts'

export interface Peer {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined
  /** Receives one write for each batch of frames. The maker of the peer handles errors. */
  readonly messagesIn: Writable
  readonly messagesOut: Readable
  readonly control: Duplex
  /** Its stdout and stderr; null if they are not read by the engine. */
  readonly output: ProcessOutput | null
  /** Settles when the process is gone and its files and locks are free. Never rejects. */
  readonly exited: Promise<void>
  /**
   * Calls `ended` once, when nothing more can be received or sent. `reason` continues a sentence that starts with "it";
   * `signal` ended the process. Call it immediately.
   */
  onEnd(ended: (reason: string, signal: NodeJS.Signals | null) => void): void
  /** Lets the engine's process end while this one runs. */
  unref(): void
  /** Kills the process immediately, with the processes that belong to it. Can be called again. */
  kill(): void
  /** Returns its memory in MiB from the system, because Python cannot report it while C code runs. Null: not known. */
  residentMebibytes(): number | null
  /** Returns the stacks of all its threads, or null if that is not possible. Never rejects. */
  dumpStacks(hello: Hello): Promise<string | null>
}

export type Hello = Extract<FromInterpreter, { readonly type: 'hello' }>

/** Differences between the kinds of interpreters. */
export interface PeerKind {
  /** Returns why the peer is not usable, because it is of another installation, or null if it is. */
  refusal(hello: Hello): string | null
  /** Time between the request to stop a call and the kill of its process. */
  readonly killAfterMs: number
  /** Whether its calls share a thread, and so yield and run Python's checks only when requested. */
  readonly needsSlices: boolean
  /** Whether its process may be killed. If not, a call that does not stop continues after it is given up. */
  readonly mayBeKilled: boolean
}
