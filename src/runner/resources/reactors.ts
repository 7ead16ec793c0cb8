/** `runner.reactors`: reactors, their firings, and the workflows that are subscribed to them. */

import type { Engine } from '../../engine/engine.ts'
import { DEFAULT_TENANT } from '../../engine/graphs/graph-calls.ts'
import type { FiringDetail } from '../../engine/graphs/graph-store.ts'
import { nameArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import { contextTextOf, type JsonObject } from '../../model/context.ts'
import type { ReactorFiring, ReactorRow, Subscription } from '../../model/graphs/rows.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

/** Options of `runner.reactors.subscribe`. */
export interface SubscribeOptions extends ActionOptions {
  /** Tenant of the workflow. Default: `public`. */
  readonly tenant?: string
  /** Condition in CEL over `payload`, `reactor` and `tenant`. Default: null, for all firings. */
  readonly when?: string | null
}

/** `runner.reactors`: reactors, their firings and subscriptions. */
export class RunnerReactors {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** Returns all reactors by name. */
  async list(): Promise<readonly ReactorRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listReactors()
  }

  /** Returns a reactor. Throws `REACTOR_NOT_FOUND`. */
  async get(reactor: string): Promise<ReactorRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.reactor(textArgument(reactor, 'reactor'))
  }

  /** Returns the firings of a reactor, newest first. */
  async firings(reactor: string, options: PageAfterOptions = {}): Promise<readonly ReactorFiring[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.firings(textArgument(reactor, 'reactor'), pageAfterOf(options))
  }

  /** Returns a firing with the executions that it started. Null for an unknown id. */
  async firing(id: string): Promise<FiringDetail | null> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.firing(textArgument(id, 'id'))
  }

  /**
   * Fires a reactor by hand with its newest values. `payload` replaces the values of single sources. Throws
   * `REACTOR_NOT_FOUND`, and `INVALID_ARGUMENT` for an unknown source.
   */
  async fire(reactor: string, payload: JsonObject | null = null, options: ActionOptions = {}): Promise<ReactorFiring> {
    return await this.fireText(reactor, payload === null ? null : contextTextOf(payload), options)
  }

  /** Fires a reactor like `fire`, with the exact JSON text of the values. */
  async fireText(reactor: string, payloadText: string | null, options: ActionOptions = {}): Promise<ReactorFiring> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.fire(textArgument(reactor, 'reactor'), payloadText, steering(options).actor)
  }

  /**
   * Subscribes a workflow to a reactor, starting with the stored firings, and returns the id of the subscription.
   * Subscribing the same workflow again replaces the predicate and keeps the progress. The workflow and the reactor can
   * be declared later. Throws `INVALID_PREDICATE`.
   */
  async subscribe(reactor: string, workflow: string, options: SubscribeOptions = {}): Promise<string> {
    using _hold = this.#alive.hold()
    const { tenant = DEFAULT_TENANT, when = null } = options
    if (when !== null) textArgument(when, 'when')
    const names = namesOf(reactor, workflow, tenant)
    return await this.#engine.graphs.subscribe(names, when, steering(options).actor)
  }

  /** Removes a subscription. Returns false if there is none. */
  async unsubscribe(
    reactor: string,
    workflow: string,
    options: ActionOptions & { readonly tenant?: string } = {},
  ): Promise<boolean> {
    using _hold = this.#alive.hold()
    const names = namesOf(reactor, workflow, options.tenant ?? DEFAULT_TENANT)
    return await this.#engine.graphs.unsubscribe(names, steering(options).actor)
  }

  /**
   * Returns subscriptions, ordered by reactor, workflow and tenant. Includes paused subscriptions unless `enabledOnly`
   * is true.
   */
  async subscriptions(
    filter: { readonly reactor?: string; readonly tenant?: string; readonly enabledOnly?: boolean } = {},
  ): Promise<readonly Subscription[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listSubscriptions({ ...filter, enabledOnly: filter.enabledOnly ?? false })
  }

  /** Returns a subscription. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async subscription(subscriptionId: string): Promise<Subscription> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.subscription(textArgument(subscriptionId, 'subscriptionId'))
  }

  /** Pauses a subscription. `resume` processes the firings of the pause. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async pause(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const id = textArgument(subscriptionId, 'subscriptionId')
    await this.#engine.graphs.setSubscriptionEnabled(id, false, steering(options).actor)
  }

  /** Resumes a subscription. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async resume(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const id = textArgument(subscriptionId, 'subscriptionId')
    await this.#engine.graphs.setSubscriptionEnabled(id, true, steering(options).actor)
  }

  /**
   * Processes the firings again that have at least the given sequence number, and starts new executions. Returns the
   * lowest of these numbers that is still stored. Throws `SUBSCRIPTION_NOT_FOUND`.
   */
  async replay(subscriptionId: string, fromSequence: number, options: ActionOptions = {}): Promise<number> {
    using _hold = this.#alive.hold()
    const from = numberArgument(fromSequence, 'fromSequence', 1)
    const id = textArgument(subscriptionId, 'subscriptionId')
    return await this.#engine.graphs.replay(id, from, steering(options).actor)
  }
}

function namesOf(reactor: string, workflow: string, tenant: string) {
  return {
    reactor: nameArgument(reactor, 'reactor'),
    workflow: nameArgument(workflow, 'workflow'),
    tenant: nameArgument(tenant, 'tenant'),
  }
}
