/**
 * A stream of Node that a child process has as a socket: one end of a pair of the system's sockets, between whose other end and
 * the stream this process carries the bytes. So the child gets what Node has read already, and what arrives while this process
 * lives. Part of a stream endpoint.
 *
 * Proved by `python/tests/stdlib/test_subprocess.py`.
 */

import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { openSocketPair } from '../../native/handed-files.ts'
import type { LentDescriptor } from './endpoint.ts'

/** `returned` is called once, when no child has the socket any more. Throws with the code of an error number. */
export function lendStream(stream: Duplex, returned: () => void): LentDescriptor {
  const [descriptor, own] = openSocketPair()
  let carrier: Socket
  try {
    carrier = new Socket({ fd: own, allowHalfOpen: true, readable: true, writable: true })
  } catch (error) {
    for (const end of [descriptor, own]) closeSync(end)
    throw error
  }
  const end = () => {
    if (!carrier.destroyed) carrier.destroy()
    stream.unpipe(carrier)
    stream.off('close', end)
    stream.off('error', end)
    returned()
  }
  carrier.pipe(stream, { end: false })
  stream.pipe(carrier)
  carrier.once('end', end)
  carrier.once('error', end) // the child is gone, and bytes for it are left
  stream.once('close', end)
  stream.once('error', end)
  return { descriptor, isOurs: true }
}
