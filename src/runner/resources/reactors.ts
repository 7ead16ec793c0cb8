/** `runner.reactors`: reactors, their firings, and the workflows that are subscribed to them. */

import type { Engine } from '../../engine/engine.ts'
import { DEFAULT_TENANT } from '../../engine/graphs/graph-calls.ts'
import type { FiringDetail } from '../../engine/graphs/graph-store.ts'
import { numberArgument, textArgument } from '../../model/arguments.ts'
import { contextTextOf, type JsonObject } from '../../model/context.ts'
import type { ReactorFiring, ReactorRow, Subscription } from '../../model/graphs/rows.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type ActionOptions, steering } from './action-options.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

export interface SubscribeOptions extends ActionOptions {
  /** Default: `public`. */
  readonly tenant?: string
  /** A CEL expression over `payload`, `reactor` and `tenant` that gives a bool. Null, and the default: each firing is meant. */
  readonly when?: string | null
}

export class RunnerReactors {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /** By name. */
  async list(): Promise<readonly ReactorRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listReactors()
  }

  /** Throws `REACTOR_NOT_FOUND`, with the nearest name. */
  async get(reactor: string): Promise<ReactorRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.reactor(textArgument(reactor, 'reactor'))
  }

  /** Newest first. */
  async firings(reactor: string, options: PageAfterOptions = {}): Promise<readonly ReactorFiring[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.firings(textArgument(reactor, 'reactor'), pageAfterOf(options))
  }

  /** A firing with the executions that it started; null for an unknown id. */
  async firing(id: string): Promise<FiringDetail | null> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.firing(textArgument(id, 'id'))
  }

  /**
   * Fires it by hand, with its newest values, over which those that are given are laid by source. Throws
   * `REACTOR_NOT_FOUND`, and `INVALID_ARGUMENT` for a source that it does not have.
   */
  async fire(reactor: string, payload: JsonObject | null = null, options: ActionOptions = {}): Promise<ReactorFiring> {
    return await this.fireText(reactor, payload === null ? null : contextTextOf(payload), options)
  }

  /** The same with the exact text of the values. */
  async fireText(reactor: string, payloadText: string | null, options: ActionOptions = {}): Promise<ReactorFiring> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.fire(textArgument(reactor, 'reactor'), payloadText, steering(options).actor)
  }

  /**
   * Starts a workflow each time that the reactor fires, from the retained firings on. Subscribing again replaces the
   * predicate, and goes on where it stands. Neither name need exist. Returns its id. Throws `INVALID_PREDICATE`.
   */
  async subscribe(reactor: string, workflow: string, options: SubscribeOptions = {}): Promise<string> {
    using _hold = this.#alive.hold()
    const { tenant = DEFAULT_TENANT, when = null } = options
    if (when !== null) textArgument(when, 'when')
    const names = namesOf(reactor, workflow, tenant)
    return await this.#engine.graphs.subscribe(names, when, steering(options).actor)
  }

  /** False: there was none. */
  async unsubscribe(
    reactor: string,
    workflow: string,
    options: ActionOptions & { readonly tenant?: string } = {},
  ): Promise<boolean> {
    using _hold = this.#alive.hold()
    const names = namesOf(reactor, workflow, options.tenant ?? DEFAULT_TENANT)
    return await this.#engine.graphs.unsubscribe(names, steering(options).actor)
  }

  /** By reactor, workflow and tenant; paused ones, too. */
  async subscriptions(
    filter: { readonly reactor?: string; readonly tenant?: string; readonly enabledOnly?: boolean } = {},
  ): Promise<readonly Subscription[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listSubscriptions({ ...filter, enabledOnly: filter.enabledOnly ?? false })
  }

  /** Throws `SUBSCRIPTION_NOT_FOUND`. */
  async subscription(subscriptionId: string): Promise<Subscription> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.subscription(textArgument(subscriptionId, 'subscriptionId'))
  }

  /** Starts nothing until `resume`; what fires meanwhile is passed on then. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async pause(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const id = textArgument(subscriptionId, 'subscriptionId')
    await this.#engine.graphs.setSubscriptionEnabled(id, false, steering(options).actor)
  }

  async resume(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    using _hold = this.#alive.hold()
    const id = textArgument(subscriptionId, 'subscriptionId')
    await this.#engine.graphs.setSubscriptionEnabled(id, true, steering(options).actor)
  }

  /**
   * Passes the firings from a sequence on once more, with executions of their own. Returns the first of them that is
   * still kept. Throws `SUBSCRIPTION_NOT_FOUND`.
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
    reactor: textArgument(reactor, 'reactor'),
    workflow: textArgument(workflow, 'workflow'),
    tenant: textArgument(tenant, 'tenant'),
  }
}
