/**
 * The Python process that started this engine, connected by two sockets. It runs a program: the engine never kills it,
 * and ends with it. Made by `parent-starter.ts`.
 */

import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { PROTOCOL_VERSION } from '../../border/channel.ts'
import type { Clock } from '../../engine/clock-port.ts'
import type { Hello, Peer, PeerKind } from '../peers/peer.ts'

/** Descriptors of this process, one per socket. */
export interface ParentLines {
  readonly messages: number
  readonly control: number
}

/** Same limit as for a call of a CPython process. */
const STOPS_WITHIN_MS = 1_000
/** Interval of the check for the end of the program. A forked child can keep its lines open. */
const LOOK_EVERY_MS = 500
const ENGINE_FOLDER = fileURLToPath(new URL('../../..', import.meta.url))

export class ParentPeer implements Peer {
  readonly messagesIn: Socket
  readonly messagesOut: Socket
  readonly control: Socket
  readonly exited: Promise<void>
  #hasEnded = false
  readonly output = null
  #ended: (reason: string, signal: NodeJS.Signals | null) => void = () => undefined

  constructor({ messages, control }: ParentLines, clock: Clock) {
    const exited = Promise.withResolvers<void>()
    this.exited = exited.promise
    this.messagesIn = this.messagesOut = socketOf(messages)
    this.control = socketOf(control)
    this.messagesOut.on('close', () => {
      this.#hasEnded = true
      this.control.destroy()
      exited.resolve()
      this.#ended('has ended', null)
    })
    this.#watch(process.ppid, clock)
  }

  /** Undefined after its end. By then everything that it has sent is received. */
  get pid(): number | undefined {
    return this.#hasEnded ? undefined : process.ppid
  }

  onEnd(ended: (reason: string, signal: NodeJS.Signals | null) => void): void {
    this.#ended = ended
  }

  unref(): void {
    this.messagesOut.unref()
    this.control.unref()
  }

  #watch(parent: number, clock: Clock): void {
    clock.wakeAfter(LOOK_EVERY_MS, () => {
      if (this.#hasEnded) return
      if (process.ppid === parent) this.#watch(parent, clock)
      else this.kill()
    })
  }

  /** Closes the lines. The program itself continues. */
  kill(): void {
    this.messagesOut.destroy()
    this.control.destroy()
  }

  residentMebibytes(): null {
    return null
  }

  dumpStacks(_hello: Hello): Promise<string | null> {
    return Promise.resolve(null)
  }
}

/** `digest`: of the engine's package. Calls `refused` with the reason if the program's package is another one. */
export function parentKind(digest: string, refused: (reason: string) => void): PeerKind {
  return {
    refusal(hello) {
      const reason = refusalOf(hello, digest)
      if (reason !== null) refused(reason)
      return reason
    },
    killAfterMs: STOPS_WITHIN_MS,
    needsSlices: false,
    mayBeKilled: false,
  }
}

function refusalOf(hello: Hello, digest: string): string | null {
  if (hello.protocolVersion === PROTOCOL_VERSION && hello.digest === digest) return null
  const [theirs, ours] = [hello, { protocolVersion: PROTOCOL_VERSION, digest }].map(
    (each) => `${each.digest}, protocol ${each.protocolVersion}`,
  )
  return (
    `the version of the Python package cloaca (${theirs}) does not match the engine in ${ENGINE_FOLDER} (${ours}). ` +
    `Install the matching package: pip install ${ENGINE_FOLDER}python`
  )
}

function socketOf(fd: number): Socket {
  // Ignored: the end of the process reports a failed write as well
  return new Socket({ fd, readable: true, writable: true }).on('error', () => undefined)
}
