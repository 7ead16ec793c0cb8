/**
 * A thread that uses the codec, started by threads.test.ts. Answers each list of texts with their fingerprints;
 * the message 'forever' keeps it inside the addon until it is terminated.
 */

import { parentPort } from 'node:worker_threads'
import { codec } from '../../src/native/index.ts'

parentPort?.on('message', (texts: readonly string[] | 'forever') => {
  if (texts !== 'forever') {
    parentPort?.postMessage({ kind: codec.kind, fingerprints: texts.map((text) => codec.fingerprint(text)) })
    return
  }
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ index, name: 'a task' })))
  parentPort?.postMessage('started')
  for (;;) codec.merge([`{"a":${text}}`, `{"a":${text}}`])
})
