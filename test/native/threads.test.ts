/** Use of the addon by several threads, and after threads that loaded the addon have ended. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { codec } from '../../src/native/index.ts'

const TEXTS = Array.from({ length: 500 }, (_, index) =>
  JSON.stringify({ index, name: `task ${index}`, list: [index, 'x'] }),
)
const FINGERPRINTS = TEXTS.map((text) => codec.fingerprint(text))

const workers: Worker[] = []

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
})

it('four threads that use the codec at the same time get the right fingerprints', async () => {
  const threads = [startThread(), startThread(), startThread(), startThread()]

  const answers = await Promise.all(threads.map((thread) => ask(thread, TEXTS)))

  for (const answer of answers) expect(answer).toEqual({ kind: 'native', fingerprints: FINGERPRINTS })
})

it('the codec works in other threads after threads were terminated, some during a merge', async () => {
  const survivor = startThread()
  const ended = startThread()
  const stopped = Array.from({ length: 4 }, startThread)
  await Promise.all([ask(survivor, TEXTS), ask(ended, TEXTS), ...stopped.map((thread) => ask(thread, 'forever'))])

  await Promise.all([ended, ...stopped].map((thread) => thread.terminate()))

  expect(await ask(survivor, TEXTS)).toMatchObject({ fingerprints: FINGERPRINTS })
  expect(await ask(startThread(), TEXTS)).toMatchObject({ fingerprints: FINGERPRINTS })
  expect(codec.fingerprint(TEXTS[0] ?? '')).toBe(FINGERPRINTS[0])
})

function startThread(): Worker {
  const worker = new Worker(new URL('./codec-worker.ts', import.meta.url))
  workers.push(worker)
  return worker
}

async function ask(worker: Worker, message: readonly string[] | 'forever'): Promise<unknown> {
  worker.postMessage(message)
  const [answer] = await once(worker, 'message')
  return answer
}
