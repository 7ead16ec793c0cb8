/**
 * The process at the other end of an interpreter's lines (`border/channel.ts`), whatever is run in it. One is made by whoever
 * starts it, and used by `process/interpreter-child.ts`, which knows what is said. Each is of a kind, which says what differs in
 * how it is dealt with; nothing else of the engine knows of kinds.
 */

import type { Duplex, Readable, Writable } from 'node:stream'
import type { FromInterpreter } from '../../border/protocol.ts'

export interface Peer {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined
  /** What is written here it receives; one write for each batch of frames. Errors are the maker's to listen to. */
  readonly messagesIn: Writable
  readonly messagesOut: Readable
  readonly control: Duplex
  /** Settles when there is no such process any more: what it had open and locked is free. Never rejects. */
  readonly exited: Promise<void>
  /**
   * `ended` is called once, when it can neither be heard nor asked any more. `reason` goes on from "it"; `signal` is what ended
   * it. To be called at once, before anything else can happen.
   */
  onEnd(ended: (reason: string, signal: NodeJS.Signals | null) => void): void
  /** Whether the engine's process stays for it: not any more. */
  unref(): void
  /** Ends it at once, whatever it does, with what belongs to it. May be called again. */
  kill(): void
  /** The memory that it occupies, in MiB, asked of the system: for one that cannot say it while C code runs. Null: not known. */
  residentMebibytes(): number | null
  /** What each of its threads does, whatever that is; null where it cannot be told. Never rejects. */
  dumpStacks(hello: Hello): Promise<string | null>
}

export type Hello = Extract<FromInterpreter, { readonly type: 'hello' }>

/** What differs between the kinds of interpreter. */
export interface PeerKind {
  /** Its first message is of another installation than this engine's: why it cannot be used; null: it can. */
  refusal(hello: Hello): string | null
  /** How long a call may go on after it was told to stop, until its process is killed. */
  readonly killAfterMs: number
  /** Its calls share a thread: they give way to each other, and Python looks about meanwhile, only when they are asked to. */
  readonly needsSlices: boolean
  /** Else a call that does not stop goes on when it is given up: the process is somebody else's. */
  readonly mayBeKilled: boolean
}
