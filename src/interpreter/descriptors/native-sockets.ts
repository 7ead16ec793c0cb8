/**
 * Refuses sockets that the C code of a package opens by itself, for example a database driver or an HTTP library in C.
 * Called by `interpreter.ts`.
 *
 * Emscripten's sockets (seen in Pyodide 314.0.7) pretend to be connected and use WebSocket: the server receives an HTTP
 * request, and reads fail immediately. So they are refused, with a line that says what to use instead. Python's sockets
 * are sockets of Node (`network/sockets.ts`), which this file does not affect. Can be deleted when a socket of Pyodide
 * in Node is a socket of the host.
 *
 * Proved by `test/scenarios/pyodide-builds.test.ts`.
 */

import type { PyodideAPI } from 'pyodide'

/** EAFNOSUPPORT in the numbers of WebAssembly: the error of a system without a network. */
const NOT_SUPPORTED = 5

const MESSAGE =
  "Native code of a package cannot open a socket in WebAssembly. Python's own sockets work, so use a package that is " +
  'written in Python: pg8000 for PostgreSQL, pymysql for MySQL, kafka-python for Kafka, requests or httpx instead of ' +
  'curl or gRPC.'

interface PythonModule {
  readonly FS: { ErrnoError: new (error: number) => Error }
  readonly SOCKFS: { createSocket(): never }
}

export function refuseNativeSockets(pyodide: PyodideAPI, notice: (message: string) => void): void {
  const { FS, SOCKFS } = (pyodide as unknown as { _module: PythonModule })._module
  let isSaid = false
  SOCKFS.createSocket = () => {
    if (!isSaid) notice(MESSAGE)
    isSaid = true
    throw new FS.ErrnoError(NOT_SUPPORTED)
  }
}
