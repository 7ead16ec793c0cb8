/**
 * The Python process that has started this engine, at the other end of two sockets that it has handed over. It is a program that
 * runs already: it is never killed, and when it ends, so does the engine. Made by `parent-starter.ts`.
 */

import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { PROTOCOL_VERSION } from '../../border/channel.ts'
import type { Clock } from '../../engine/ports.ts'
import type { Hello, Peer, PeerKind } from '../peers/peer.ts'

/** Descriptors of this process, each one end of a socket. */
export interface ParentLines {
  readonly messages: number
  readonly control: number
}

/** As long as a call of a CPython process may go on. */
const STOPS_WITHIN_MS = 1_000
/** A program that was killed may have left its lines open in a child that it had forked: then they do not end with it. */
const LOOK_EVERY_MS = 500
const ENGINE_FOLDER = fileURLToPath(new URL('../../..', import.meta.url))

export class ParentPeer implements Peer {
  readonly messagesIn: Socket
  readonly messagesOut: Socket
  readonly control: Socket
  readonly exited: Promise<void>
  #hasEnded = false
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

  /** Undefined once it has ended: everything that it has said is there by then, and nothing is waited for. */
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

  /** Hangs up. What the program does then is its own affair. */
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

/** `digest`: of the package that belongs to this engine; `refused` hears why the program's is another one. */
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

/** A write to a process that has just died fails, which its end reports as well. */
function socketOf(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: true }).on('error', () => undefined)
}
