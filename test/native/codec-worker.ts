/**
 * Thread that uses the codec, started by threads.test.ts.
 * It answers each list of texts with their fingerprints.
 * After the message 'forever' it runs the addon until it is terminated.
 * It merges many small texts, so that the addon mostly calls Node-API. These calls fail once the thread must end.
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
  // Calls the addon directly, because the codec spends more time in JavaScript than in the addon.
  const addon = binary as Addon
  const memory = Buffer.concat(Array.from({ length: TEXTS_OF_A_MERGE }, () => TEXT))
  const lengths = Array.from({ length: TEXTS_OF_A_MERGE }, () => 2)
  parentPort?.postMessage(addon.merge(memory, lengths))
  for (;;) addon.merge(memory, lengths)
})
