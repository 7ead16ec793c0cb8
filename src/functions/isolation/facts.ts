/**
 * Facts about an execution for a function in a worker. The properties of its tools return without `await`, so the
 * thread of the worker waits until the thread of the engine has answered.
 */

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import type { FailedTask, PollRequest, TaskRequest } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import type { FunctionView } from '../calls/attempt-request.ts'
import type { FactAnswer, FactRequest, RequestId } from './worker-messages.ts'

/** Returns the view of an attempt. Called in the worker. */
export function viewFromWorker(id: RequestId, send: (request: FactRequest) => void): FunctionView {
  const ask = (name: FactRequest['name']): NonNullable<FactAnswer> => {
    const { port1, port2 } = new MessageChannel()
    const isAnswered = new Int32Array(new SharedArrayBuffer(4))
    send({ type: 'fact', id, name, answerTo: port2, isAnswered })
    Atomics.wait(isAnswered, 0, 0)
    const answer: FactAnswer = receiveMessageOnPort(port1)?.message ?? null
    port1.close()
    if (answer !== null) return answer
    throw new UsageError('INVALID_ARGUMENT', 'The attempt has ended, so facts about its execution are not available.')
  }
  return {
    get inputText() {
      return ask('inputText') as string
    },
    failures: () => ask('failures') as readonly FailedTask[],
  }
}

/** Answers a worker that waits. `request`: the open request of that id. */
export function answerFact(
  { name, answerTo, isAnswered }: FactRequest,
  request: PollRequest | TaskRequest | null | undefined,
): void {
  const view = request && 'view' in request ? request.view : null
  const answer: FactAnswer = view === null ? null : name === 'inputText' ? view.inputText : view.failures()
  answerTo.postMessage(answer)
  Atomics.store(isAnswered, 0, 1)
  Atomics.notify(isAnswered, 0)
  answerTo.close()
}
