/** Other end of a `RequestThread`: receives requests and sends answers. Used by entry files of worker threads. */

import { parentPort } from 'node:worker_threads'
import { InternalError, toError } from '../errors.ts'
import type { ThreadAnswer } from './thread-messages.ts'

/** Answers each request with the result of `handle`; what it throws rejects the request. */
export function answerRequests<Request, Answer>(handle: (request: Request) => Answer): void {
  const port = parentPort
  if (port === null) throw new InternalError('The entry file of a worker thread was not started in a worker thread.')
  const send = (message: ThreadAnswer<Answer>): void => port.postMessage(message)
  port.on('message', (request: Request) => {
    try {
      send({ kind: 'answered', answer: handle(request) })
    } catch (thrown) {
      send({ kind: 'failed', message: toError(thrown).message })
    }
  })
}
