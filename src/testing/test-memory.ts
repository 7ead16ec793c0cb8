/** Results and children of the tasks of a test run, in memory. Children run one after the other, on the same clock. */

import { randomUUID } from 'node:crypto'
import type { ChildEnd, ChildRequest, EndedChild, TaskMemory, TimeLimit } from '../engine/ports.ts'
import { chainNameText } from '../model/chain-key.ts'
import { codec } from '../native/index.ts'

/** Runs a child workflow to its end. */
export type RunChild = (request: ChildRequest) => Promise<Omit<EndedChild, 'id' | 'workflow'>>

export class TestMemory {
  readonly #chainId: string
  readonly #runChild: RunChild
  readonly #results = new Map<string, string>()
  readonly #children = new Map<string, Promise<EndedChild>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(chainId: string, runChild: RunChild) {
    this.#chainId = chainId
    this.#runChild = runChild
  }

  memoryOf(taskId: string): TaskMemory {
    const nameText = (name: string) => chainNameText(this.#chainId, taskId, name)
    return {
      chainId: this.#chainId,
      keyOf: (name) => codec.fingerprint(nameText(name)),
      findResult: async (name) => this.#results.get(nameText(name)) ?? null,
      keepResult: async (name, resultText) => {
        const kept = this.#results.get(nameText(name)) ?? resultText
        this.#results.set(nameText(name), kept)
        return kept
      },
      runChild: (request, limit) => this.#ended(nameText(request.key), request, limit),
    }
  }

  async #ended(name: string, request: ChildRequest, limit: TimeLimit): Promise<ChildEnd> {
    const continueLimit = limit.suspend()
    try {
      const child = this.#children.get(name) ?? this.#started(request)
      this.#children.set(name, child)
      return { kind: 'ended', child: await child }
    } finally {
      continueLimit()
    }
  }

  async #started(request: ChildRequest): Promise<EndedChild> {
    const before = this.#last
    const ended = before.then(() => this.#runChild(request))
    this.#last = ended.catch(() => undefined) // Ignored: the task that started it receives the error
    return { ...(await ended), id: randomUUID(), workflow: request.workflow }
  }
}
