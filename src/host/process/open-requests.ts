/** What was asked of an interpreter and is not answered, by token. Owned by `interpreter-process.ts`. */

import type { StackToken } from '../../border/protocol.ts'
import type { Clock, TaskSlot } from '../../engine/ports.ts'
import type { Answer } from './answers.ts'

export interface OpenRequest {
  /** What it is, for messages. */
  readonly label: string
  readonly deadlineMs: number | null
  /** That of a task. */
  readonly slot: TaskSlot | null
  readonly settle: (answer: Answer) => void
}

/** For whoever wants to know what goes on. */
export interface RequestAge {
  readonly token: StackToken
  readonly label: string
  readonly seconds: number
}

export class OpenRequests {
  readonly #clock: Clock
  readonly #requests = new Map<StackToken, OpenRequest & { readonly since: number }>()
  #lastToken: StackToken = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#requests.size
  }

  add({ label, deadlineMs, slot, settle }: OpenRequest): StackToken {
    const token = ++this.#lastToken
    this.#requests.set(token, { label, deadlineMs, slot, settle, since: this.#clock.monotonic() })
    return token
  }

  get(token: StackToken): OpenRequest | undefined {
    return this.#requests.get(token)
  }

  take(token: StackToken): OpenRequest | undefined {
    const request = this.#requests.get(token)
    this.#requests.delete(token)
    return request
  }

  takeAll(): readonly OpenRequest[] {
    const all = [...this.#requests.values()]
    this.#requests.clear()
    return all
  }

  ages(): readonly RequestAge[] {
    const now = this.#clock.monotonic()
    return [...this.#requests].map(([token, { label, since }]) => ({ token, label, seconds: (now - since) / 1000 }))
  }
}
