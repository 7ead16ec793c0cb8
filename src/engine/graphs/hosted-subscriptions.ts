/**
 * Starts the workflows that are subscribed to reactors: exactly one execution for each subscription and firing that its
 * predicate lets through. Runs when a reactor fires, when another process writes, and to evaluate a predicate again.
 * Several engines may run it at the same time: the store lets only one of them move a mark.
 *
 * States of a subscription, and the moves:
 *   waiting  -> waiting    a firing is passed on (its execution is stored with the mark), or passed over
 *   waiting  -> erring     its predicate fails: the firing is tried again after a second
 *   erring   -> waiting    the predicate has a result
 *   erring   -> degraded   it failed five times: the firing is skipped, and no other one starts an execution
 *   degraded -> waiting    subscribed again
 */

import { toError, UsageError } from '../../errors.ts'
import { formatError } from '../../model/fault.ts'
import type { ReactorFiring, Subscription } from '../../model/graphs/graph-model-rows.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { EnginePorts } from '../engine-options.ts'
import { executionOrError, newExecution, type OnFired } from '../starts/firing-context.ts'
import type { NewExecution } from '../starts/new-executions.ts'
import type { PendingSubscription, SubscriptionStep } from './graph-store.ts'

const MAX_FIRINGS = 100
const TRY_AGAIN_MS = 1_000
const MAX_ERRORS = 5

export class Subscriptions {
  readonly #ports: EnginePorts
  readonly #onFired: OnFired
  readonly #passes: Reconciler
  #isCut = false

  constructor(ports: EnginePorts, onFired: OnFired) {
    this.#ports = ports
    this.#onFired = onFired
    this.#passes = new Reconciler(ports, 'delivering firings to subscriptions', () => this.#look())
  }

  start(): void {
    void this.#passes.start()
  }

  wake(): void {
    void this.#passes.request()
  }

  /** Resolves when the running steps are stored. */
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
    const pending = await store.graphs.pendingSubscriptions([...workflows.keys()], MAX_FIRINGS)
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
    const advanced = this.#ports.store.graphs.advance(step)
    // In the same tick of the event loop, so that the accepting transaction also acquires the executions.
    const executionIds = step.executions.map(({ execution }) => execution.id)
    if (executionIds.length > 0) this.#onFired(executionIds, advanced)
    const refused = await advanced
    const isOurs = refused !== null
    if (isOurs && refused.length > 0) {
      const firings = refused.length === 1 ? '1 firing was' : `${refused.length} firings were`
      this.#warnOfLimit(subscription, `${firings} passed over, because the limit of the workflow is reached.`)
    }
    if (isOurs && step.isDegraded === true) this.#warn(subscription, step)
    if (step.error !== null && step.isDegraded !== true) this.#passes.requestAfter(TRY_AGAIN_MS)
    else if (!isOurs || subscription.waiting > firings.length || step.error !== null) this.wake()
  }

  /** Returns the step up to the first firing for which the predicate fails. */
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
        const error = { count: before + 1, message: formatError(answer.message), at, firingId: firing.id }
        const isDegraded = error.count >= MAX_ERRORS
        step = isDegraded ? { error, isDegraded } : { error }
        if (isDegraded) done = firing
        break
      }
      done = firing
      const execution = answer ? this.#execution(firing, workflow) : null
      if (execution instanceof UsageError) this.#warnOfLimit(subscription, execution.message)
      else if (execution !== null) executions.push({ firing, execution })
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
    const { predicates, config } = this.#ports
    const { predicateTimeoutMs, predicateSteps } = config
    const limits = { predicateTimeoutMs, predicateSteps }
    return await predicates.holds({ expression: predicate, firing, tenant, limits }).catch(toError)
  }

  #execution(firing: ReactorFiring, workflow: WorkflowDefinition): NewExecution | UsageError {
    const { codec, newId } = this.#ports
    const added = {
      reactor_name: firing.reactor,
      reactor_firing_id: firing.id,
      reactor_fired_at: formatInstant(firing.firedAt),
    }
    const inputText = codec.merge([firing.payloadText, JSON.stringify(added)])
    return executionOrError(() => newExecution(newId(), workflow, inputText, codec))
  }

  #warnOfLimit({ reactor, workflow }: Subscription, reason: string): void {
    const message = `Subscription of workflow "${workflow}" to reactor "${reactor}" started nothing: ${reason}`
    this.#ports.events.emit('warning', { code: 'LIMITED', workflow, message })
  }

  #warn({ reactor, workflow, predicate }: Subscription, { error }: SubscriptionStep): void {
    this.#ports.events.counters.reactors.of(reactor).degraded += 1
    this.#ports.events.emit('warning', {
      code: 'SUBSCRIPTION_DEGRADED',
      workflow,
      message:
        `Subscription of workflow "${workflow}" to reactor "${reactor}" is degraded: its predicate ` +
        `${predicate} failed ${MAX_ERRORS} times for one firing. Last error: ${error?.message}. The subscription ` +
        `starts no executions until you subscribe the workflow again with a corrected predicate.`,
    })
  }
}
