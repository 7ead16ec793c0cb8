/** Memory of one attempt. Owned by `task-chains.ts`, which starts the children and waits for them. */

import { UsageError } from '../../errors.ts'
import { chainNameText } from '../../model/chain-key.ts'
import type { Execution } from '../../model/execution.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { AttemptMemory, ChildEnd, ChildRequest, EndedChild, MemoryOwner, TimeLimit } from '../ports.ts'
import type { NameInChain } from './chain-store.ts'

export interface ChildRun {
  readonly childId: string
  readonly ended: Execution | null
}

export class StoredMemory implements AttemptMemory {
  readonly #ports: Pick<EnginePorts, 'store' | 'clock' | 'codec'>
  readonly #attempt: MemoryOwner
  readonly #run: (child: ChildRequest) => Promise<ChildRun>
  #parkedFor: string | null = null

  constructor(
    ports: Pick<EnginePorts, 'store' | 'clock' | 'codec'>,
    attempt: MemoryOwner,
    run: (child: ChildRequest) => Promise<ChildRun>,
  ) {
    this.#ports = ports
    this.#attempt = attempt
    this.#run = run
  }

  get chainId(): string {
    return this.#attempt.chainId
  }

  keyOf(name: string): string {
    const { chainId, taskId } = this.#attempt
    return this.#ports.codec.fingerprint(chainNameText(chainId, taskId, name))
  }

  /** Child for which the attempt has to end, or null. */
  get parkedFor(): string | null {
    return this.#parkedFor
  }

  async findResult(name: string): Promise<string | null> {
    return await this.#ports.store.chains.findResult(this.#named(name))
  }

  async keepResult(name: string, resultText: string): Promise<string> {
    const { store, clock } = this.#ports
    const { executionId } = this.#attempt
    const kept = await store.chains.keepResult(this.#named(name), executionId, resultText, clock.now())
    if (kept === null) throw endedError(executionId)
    return kept
  }

  async runChild(request: ChildRequest, limit: TimeLimit): Promise<ChildEnd> {
    const { slot } = this.#attempt
    const continueLimit = limit.suspend()
    slot.release()
    try {
      const { childId, ended } = await this.#run(request)
      if (ended !== null) return { kind: 'ended', child: endedChild(ended) }
      this.#parkedFor ??= childId
      return { kind: 'parked' }
    } finally {
      await slot.acquire()
      continueLimit()
    }
  }

  #named(name: string): NameInChain {
    const { chainId, taskId } = this.#attempt
    return { chainId, taskId, name }
  }
}

function endedChild(execution: Execution): EndedChild {
  const { id, workflow, status, errorMessage, createdAt } = execution
  return {
    ...{ id, workflow, status, errorMessage },
    startedAt: execution.startedAt ?? createdAt,
    endedAt: execution.endedAt ?? createdAt,
    contextText: execution.finalText ?? execution.inputText,
  }
}

export function endedError(executionId: string): UsageError {
  const message = `Execution "${executionId}" has ended or is being cancelled, so its tasks can store nothing more.`
  return new UsageError('ACTION_REFUSED', message, { executionId })
}
