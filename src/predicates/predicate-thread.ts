/**
 * Predicates of subscriptions, evaluated in a thread of their own: how long one takes depends on events that strangers send.
 * The budget of an evaluation ends it between two steps; a single step that takes long ends with its thread.
 */

import type { PredicateLimits, PredicateQuestion, Predicates } from '../engine/graphs/predicates.ts'
import { UsageError } from '../errors.ts'
import { RequestThread, type RequestThreadOptions } from '../threads/request-thread.ts'
import type { PredicateAnswer, PredicateRequest } from './messages.ts'

const ENTRY = new URL(`./thread-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
const MEMORY_MEBIBYTES = 512
/** The first request waits for the start of the thread, perhaps on a machine that is busy. */
const START_MS = 5_000
/** Time limits are those of the wall clock, and a budget is computing time: a thread may have to wait for its turn. */
const WAITS_AT_MOST = 100
/** Reading a payload takes at most 0.2 ms for 1,000 characters. */
const READ_MS_PER_CHARACTER = 0.002

export class PredicateThread implements Predicates {
  readonly #thread: RequestThread<PredicateRequest, PredicateAnswer>

  constructor({ clock }: Pick<RequestThreadOptions, 'clock'>) {
    const name = 'cloaca predicates'
    this.#thread = new RequestThread({ entry: ENTRY, name, memoryMebibytes: MEMORY_MEBIBYTES, clock })
  }

  async check(expression: string): Promise<void> {
    const refusal = await this.#thread.ask({ kind: 'check', expression }, START_MS).catch(reasonOf)
    if (typeof refusal === 'string') throw invalidPredicate(expression, refusal)
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
  return Math.round(START_MS + reading + WAITS_AT_MOST * limits.predicateTimeoutMs)
}

function reasonOf(thrown: unknown): string {
  return (thrown as Error).message
}
