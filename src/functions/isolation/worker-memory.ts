/** Memory of an attempt for a function in a worker, whose calls the thread of the engine carries out. */

import type { ChildEnd, TaskMemory, TaskRequest, TimeLimit } from '../../engine/ports.ts'
import { CloacaError, toError, UsageError } from '../../errors.ts'
import { chainNameText } from '../../model/chain-key.ts'
import { codec } from '../../native/index.ts'
import type { FromWorker, MemoryAnswer, MemoryCall, RequestId } from './worker-messages.ts'

/** Calls that wait for their answers. One for each worker. */
export class MemoryCalls {
  readonly #send: (message: FromWorker) => void
  readonly #asked = new Map<number, (answer: MemoryAnswer) => void>()
  #lastAsk = 0

  constructor(send: (message: FromWorker) => void) {
    this.#send = send
  }

  answered(ask: number, answer: MemoryAnswer): void {
    this.#asked.get(ask)?.(answer)
    this.#asked.delete(ask)
  }

  /** Returns the memory of an attempt. Called in the worker. */
  memoryOf(id: RequestId, { chainId, taskId }: { readonly chainId: string; readonly taskId: string }): TaskMemory {
    return {
      chainId,
      keyOf: (name) => codec.fingerprint(chainNameText(chainId, taskId, name)),
      findResult: async (name) => (await this.#ask(id, { method: 'findResult', name })) as string | null,
      keepResult: async (name, resultText) =>
        (await this.#ask(id, { method: 'keepResult', name, resultText })) as string,
      runChild: async (child, limit) => {
        const continueLimit = limit.suspend()
        try {
          return (await this.#ask(id, { method: 'runChild', child })) as ChildEnd
        } finally {
          continueLimit()
        }
      },
    }
  }

  async #ask(id: RequestId, call: MemoryCall): Promise<string | null | ChildEnd> {
    this.#lastAsk += 1
    const ask = this.#lastAsk
    const asked = new Promise<MemoryAnswer>((resolve) => this.#asked.set(ask, resolve))
    this.#send({ type: 'memory', id, ask, ...call })
    const answer = await asked
    if (answer.kind === 'answered') return answer.value
    throw new UsageError(answer.code as UsageError['code'], answer.message, answer.facts)
  }
}

/** Carries out a call of a worker. Both are undefined after the end of its request. */
export async function answerMemory(
  call: MemoryCall,
  request: Pick<TaskRequest, 'memory'> | undefined,
  limit: TimeLimit | undefined,
): Promise<MemoryAnswer> {
  try {
    if (request === undefined || limit === undefined) throw new UsageError('INVALID_ARGUMENT', 'The attempt has ended.')
    return { kind: 'answered', value: await answerOf(call, request.memory, limit) }
  } catch (thrown) {
    const { message } = toError(thrown)
    const known = thrown instanceof CloacaError
    return { kind: 'refused', code: known ? thrown.code : 'INTERNAL', message, facts: known ? thrown.facts : {} }
  }
}

function answerOf(call: MemoryCall, memory: TaskMemory, limit: TimeLimit): Promise<string | null | ChildEnd> {
  switch (call.method) {
    case 'findResult':
      return memory.findResult(call.name)
    case 'keepResult':
      return memory.keepResult(call.name, call.resultText)
    case 'runChild':
      return memory.runChild(call.child, limit)
  }
}
