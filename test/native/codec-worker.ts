/**
 * A thread that uses the codec, started by threads.test.ts. Answers each list of texts with their fingerprints;
 * the message 'forever' keeps it inside the addon until it is terminated. A merge of so many small texts is mostly
 * questions of the addon to Node-API, which refuses every one from the moment at which the thread is told to end.
 */

import { parentPort } from 'node:worker_threads'
import type { Addon } from '../../src/native/addon.ts'
import { binary } from '../../src/native/binary.ts'
import { codec } from '../../src/native/index.ts'

const TEXT = Buffer.from(`{}${' '.repeat(64)}`)
const TEXTS_OF_A_MERGE = 100_000

parentPort?.on('message', (texts: readonly string[] | 'forever') => {
  if (texts !== 'forever') {
    parentPort?.postMessage({ kind: codec.kind, fingerprints: texts.map((text) => codec.fingerprint(text)) })
    return
  }
  // Not through the codec, whose preparation of the texts takes longer than the addon does.
  const addon = binary as Addon
  const memory = Buffer.concat(Array.from({ length: TEXTS_OF_A_MERGE }, () => TEXT))
  const lengths = Array.from({ length: TEXTS_OF_A_MERGE }, () => 2)
  parentPort?.postMessage(addon.merge(memory, lengths))
  for (;;) addon.merge(memory, lengths)
})
