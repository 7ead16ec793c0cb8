/**
 * Sockets that the C code of a package opens for itself, as database drivers and HTTP libraries in C do. Called by
 * `interpreter.ts`.
 *
 * Emscripten's sockets (seen in Pyodide 314.0.7) pretend to be connected and speak WebSocket: the server hears an HTTP
 * request, and reads fail at once. So there are none, and one line says what to use. Sockets of Python are Node's
 * (`network/sockets.ts`), and never come here. Can go when a socket of Pyodide in Node is one of the host's.
 *
 * Proved by `test/scenarios/pyodide-builds.test.ts`.
 */

import type { PyodideAPI } from 'pyodide'

/** EAFNOSUPPORT, of WebAssembly's numbers: what a system without a network says. */
const NOT_SUPPORTED = 5

const MESSAGE =
  'Native code of a package tried to open a socket, which WebAssembly does not support. Use a package ' +
  'that is written ' +
  'in Python, because Python sockets work: pg8000 for PostgreSQL, pymysql for MySQL, kafka-python for Kafka, ' +
  'and requests or httpx instead of curl and gRPC.'

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
