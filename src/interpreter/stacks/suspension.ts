/**
 * How a stack of Python is suspended until a promise is settled. Called by `interpreter.ts`; owned by nobody else.
 *
 * Pyodide's own way, `run_sync`, makes a task of asyncio for each suspension, which costs half a millisecond (seen in
 * 314.0.7). Its sockets can wait, too, without anything of the kind: a read from a socket of NodeSockFS suspends the
 * stack until a promise is settled, in 7 µs. So there is a descriptor that belongs to no file, reading from it in Python
 * suspends the stack, and it is "read" when the promise at hand is settled. Can go when `run_sync` is as quick.
 */

import type { PyodideAPI } from 'pyodide'

/** A descriptor that no file ever has. */
const DESCRIPTOR = 0x3fff_ffff

interface SuspendingSocket {
  readonly sock_ops: { recvmsgAsync(): Promise<number> }
}

interface SocketFileSystem {
  getSocket(descriptor: number): SuspendingSocket | null
}

/** The promise on which the next read of the descriptor suspends: what it comes to is the number of bytes "read". */
let next: Promise<number> = Promise.resolve(0)

export function suspendNextOn(promise: Promise<number>): void {
  next = promise
}

/** Makes reads of the descriptor suspend; returns the descriptor. */
export function connectSuspension(pyodide: PyodideAPI): number {
  const { SOCKFS } = (pyodide as unknown as { _module: { SOCKFS: SocketFileSystem } })._module
  const getSocket = SOCKFS.getSocket
  const socket: SuspendingSocket = { sock_ops: { recvmsgAsync: () => next } }
  SOCKFS.getSocket = (descriptor) => (descriptor === DESCRIPTOR ? socket : getSocket(descriptor))
  return DESCRIPTOR
}
