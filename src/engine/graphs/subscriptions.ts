/**
 * Starts the workflows that are subscribed to reactors: exactly one execution for each subscription and firing that its
 * predicate lets through. Looked for when a reactor fires here, when another process writes, and while a predicate is to be
 * tried again. Several instances may look at once: the store lets one of them move a mark.
 *
 * States of a subscription, and the moves:
 *   waiting  -> waiting    a firing is passed on (its execution is stored with the mark), or passed over
 *   waiting  -> erring     its predicate has no answer: the firing is tried again after a second
 *   erring   -> waiting    it has an answer
 *   erring   -> degraded   five times in a row: that firing is given up, and nothing goes on until the predicate is replaced
 *   degraded -> waiting    subscribed again
 */

import { toError } from '../../errors.ts'
import { shownError } from '../../model/fault.ts'
import type { ReactorFiring, Subscription } from '../../model/graphs/rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineEvents } from '../events.ts'
import { newExecution, type OnFired } from '../firing-context.ts'
import type { Clock, ContextCodec } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { PendingSubscription, SubscriptionStep } from './graph-store.ts'
import { Passes } from './passes.ts'
import type { PredicateLimits, Predicates } from './predicates.ts'

/** Firings of one look. */
const MOST_FIRINGS = 100
const TRY_AGAIN_MS = 1_000
const MOST_ERRORS = 5

export interface SubscriptionsPorts extends PredicateLimits {
  readonly store: GraphStore
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
  readonly predicates: Predicates
}

export class Subscriptions {
  readonly #ports: SubscriptionsPorts
  readonly #onFired: OnFired
  readonly #passes: Passes
  #isStarted = false
  #isCut = false

  constructor(ports: SubscriptionsPorts, onFired: OnFired) {
    this.#ports = ports
    this.#onFired = onFired
    this.#passes = new Passes(ports, 'delivering firings to subscriptions', () => this.#look())
  }

  start(): void {
    this.#isStarted = true
    this.wake()
  }

  /** There may be firings that a subscription has not seen. */
  wake(): void {
    if (this.#isStarted) void this.#passes.ask()
  }

  /** Settles when what is under way is stored. */
  stop(): Promise<void> {
    return this.#passes.stop()
  }

  /** Stops without storing the steps in progress: predicates that are cut off by the stop are not at fault. */
  cut(): void {
    this.#isCut = true
    void this.stop()
  }

  async #look(): Promise<void> {
    const { store, registry } = this.#ports
    const { workflows } = registry.current()
    if (workflows.size === 0) return
    const pending = await store.pendingSubscriptions([...workflows.keys()], MOST_FIRINGS)
    await Promise.all(pending.map((each) => this.#passOn(each, workflows)))
  }

  async #passOn(
    { subscription, firings }: PendingSubscription,
    workflows: ReadonlyMap<string, WorkflowDefinition>,
  ): Promise<void> {
    const workflow = workflows.get(subscription.workflow)
    if (subscription.isDegraded || workflow === undefined || firings.length === 0) return
    const step = await this.#stepOf(subscription, firings, workflow)
    if (this.#isCut) return
    const advanced = this.#ports.store.advance(step)
    // In the same tick of the event loop, so that the executions are taken in the transaction that accepts them.
    const executionIds = step.executions.map(({ execution }) => execution.id)
    if (executionIds.length > 0) this.#onFired(executionIds, advanced)
    const isOurs = await advanced
    if (isOurs && step.isDegraded === true) this.#warn(subscription, step)
    if (step.error !== null && step.isDegraded !== true) this.#passes.askAfter(TRY_AGAIN_MS)
    else if (!isOurs || subscription.waiting > firings.length || step.error !== null) this.wake()
  }

  /** Up to the first firing for which the predicate has no answer. */
  async #stepOf(
    subscription: Subscription,
    firings: readonly ReactorFiring[],
    workflow: WorkflowDefinition,
  ): Promise<SubscriptionStep> {
    const { clock } = this.#ports
    const at = clock.now()
    const executions: SubscriptionStep['executions'][number][] = []
    let done: ReactorFiring | null = null
    let step: Pick<SubscriptionStep, 'error' | 'isDegraded'> = { error: null }
    for (const firing of firings) {
      const answer = await this.#ask(subscription, firing)
      if (answer instanceof Error) {
        const before = subscription.errorFiringId === firing.id ? subscription.errorCount : 0
        const error = { count: before + 1, message: shownError(answer.message), at, firingId: firing.id }
        const isDegraded = error.count >= MOST_ERRORS
        step = isDegraded ? { error, isDegraded } : { error }
        if (isDegraded) done = firing
        break
      }
      done = firing
      if (answer) executions.push({ firing, execution: this.#execution(firing, workflow) })
    }
    return {
      id: subscription.id,
      seenSequence: subscription.doneSequence,
      doneSequence: done?.sequence ?? subscription.doneSequence,
      lastSeenFiredAt: done?.firedAt ?? subscription.lastSeenFiredAt,
      executions,
      ...step,
      at,
    }
  }

  async #ask({ predicate, tenant }: Subscription, firing: ReactorFiring): Promise<boolean | Error> {
    if (predicate === null) return true
    const { predicates, predicateTimeoutMs, predicateSteps } = this.#ports
    const limits = { predicateTimeoutMs, predicateSteps }
    return await predicates.holds({ expression: predicate, firing, tenant, limits }).catch(toError)
  }

  #execution(firing: ReactorFiring, workflow: WorkflowDefinition) {
    const { codec, newId } = this.#ports
    const added = {
      reactor_name: firing.reactor,
      reactor_firing_id: firing.id,
      reactor_fired_at: formatInstant(firing.firedAt),
    }
    return newExecution(newId(), workflow, codec.merge([firing.payloadText, JSON.stringify(added)]))
  }

  #warn({ reactor, workflow, predicate }: Subscription, { error }: SubscriptionStep): void {
    this.#ports.events.counters.reactors.of(reactor).degraded += 1
    this.#ports.events.emit('warning', {
      code: 'SUBSCRIPTION_DEGRADED',
      workflow,
      message: `Subscription of workflow "${workflow}" to reactor "${reactor}" is degraded: its predicate ${predicate} failed ${MOST_ERRORS} times for one firing. Last error: ${error?.message}. The subscription starts no executions until you subscribe the workflow again with a corrected predicate.`,
    })
  }
}
