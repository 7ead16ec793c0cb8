/**
 * Evaluates predicates of subscriptions in a separate thread, because their time depends on events from strangers. The
 * budget ends an evaluation between two steps; a long single step ends with its thread.
 */

import type { PredicateLimits, PredicateQuestion, Predicates } from '../engine/graphs/predicates.ts'
import { UsageError } from '../errors.ts'
import { RequestThread, type RequestThreadOptions } from '../threads/request-thread.ts'
import type { PredicateAnswer, PredicateRequest } from './predicate-messages.ts'

const ENTRY = new URL(`./predicate-thread-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
const MEMORY_MEBIBYTES = 512
/** Time for the start of the thread on a busy machine, for which the first request waits. */
const START_MS = 5_000
/** Factor from CPU time to wall-clock time, because the thread may wait for a processor. */
const MAX_WAITS = 100
/** Reading a payload takes at most 0.2 ms for 1,000 characters. */
const READ_MS_PER_CHARACTER = 0.002

export class PredicateThread implements Predicates {
  readonly #thread: RequestThread<PredicateRequest, PredicateAnswer>

  constructor({ clock }: Pick<RequestThreadOptions, 'clock'>) {
    const name = 'cloaca predicates'
    this.#thread = new RequestThread({ entry: ENTRY, name, memoryMebibytes: MEMORY_MEBIBYTES, clock })
  }

  async check(expression: string): Promise<readonly string[]> {
    const answer = await this.#thread.ask({ kind: 'check', expression }, START_MS).catch(reasonOf)
    if (typeof answer === 'object') return answer
    throw invalidPredicate(expression, String(answer))
  }

  async holds(question: PredicateQuestion): Promise<boolean> {
    return (await this.#thread.ask({ kind: 'holds', ...question }, limitMs(question))) === true
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}

export function invalidPredicate(expression: string, reason: string): UsageError {
  const message = `Invalid predicate expression: ${reason}. Expression: ${expression}`
  return new UsageError('INVALID_PREDICATE', message, { reason })
}

function limitMs({
  firing,
  limits,
}: {
  readonly firing: { readonly payloadText: string }
  readonly limits: PredicateLimits
}) {
  const reading = firing.payloadText.length * READ_MS_PER_CHARACTER
  return Math.round(START_MS + reading + MAX_WAITS * limits.predicateTimeoutMs)
}

function reasonOf(thrown: unknown): string {
  return (thrown as Error).message
}
