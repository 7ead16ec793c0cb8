/**
 * Suspends a stack of Python until a promise is settled. Called and owned by `interpreter.ts`.
 *
 * Pyodide's own function `run_sync` creates an asyncio task for each suspension, which takes half a millisecond (seen
 * in
 * 314.0.7). A read from a socket of Pyodide's NodeSockFS suspends the stack until a promise is settled in 7 µs, without
 * a task. So there is a descriptor without a file: a read from it in Python suspends the stack, and is answered when
 * the current promise is settled. Can be deleted when `run_sync` is as fast.
 */

import type { PyodideAPI } from 'pyodide'

/** Number of a descriptor that no file has. */
const DESCRIPTOR = 0x3fff_ffff

interface SuspendingSocket {
  readonly sock_ops: { recvmsgAsync(): Promise<number> }
}

interface SocketFileSystem {
  getSocket(descriptor: number): SuspendingSocket | null
}

/** Promise on which the next read of the descriptor suspends. It resolves with the number of "read" bytes. */
let next: Promise<number> = Promise.resolve(0)

export function suspendNextOn(promise: Promise<number>): void {
  next = promise
}

export function connectSuspension(pyodide: PyodideAPI): number {
  const { SOCKFS } = (pyodide as unknown as { _module: { SOCKFS: SocketFileSystem } })._module
  const getSocket = SOCKFS.getSocket
  const socket: SuspendingSocket = { sock_ops: { recvmsgAsync: () => next } }
  SOCKFS.getSocket = (descriptor) => (descriptor === DESCRIPTOR ? socket : getSocket(descriptor))
  return DESCRIPTOR
}
