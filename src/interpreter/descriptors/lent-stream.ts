/**
 * Lends a stream of Node to a child process as one end of a socket pair. This process copies bytes between the other
 * end and the stream, with those that Node has read already, while it lives. Part of a stream endpoint.
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
  carrier.once('error', end)
  stream.once('close', end)
  stream.once('error', end)
  return { descriptor, isOurs: true }
}
