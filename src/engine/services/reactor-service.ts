/** `runner.reactors`: reactors, their firings, and the workflows that are subscribed to them. */

import { UsageError } from '../../errors.ts'
import { nameArgument, numberArgument, textArgument } from '../../model/arguments.ts'
import { type JsonObject, toContextText } from '../../model/context.ts'
import type { ReactorFiring, ReactorRow, Subscription, ValueText } from '../../model/graphs/graph-model-rows.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { FiringDetail, SubscriptionNames } from '../graphs/graph-store.ts'
import type { Graphs as LiveGraphs } from '../graphs/hosted-graphs.ts'
import { type ActionOptions, newAction } from './action-service.ts'
import { checkedPageAfter, type PageAfterOptions } from './page-options.ts'
import { knownWorkflow } from './workflow-service.ts'

const DEFAULT_TENANT = 'public'

/** Options of `runner.reactors.subscribe`. */
export interface SubscribeOptions extends ActionOptions {
  /** Tenant of the workflow. Default: `public`. */
  readonly tenant?: string
  /** Condition in CEL over `payload`, `reactor` and `tenant`. Default: null, for all firings. */
  readonly when?: string | null
  /** Whether the reactor and the workflow may be unknown, because a script declares them later. Default: false. */
  readonly allowMissing?: boolean
}

/** `runner.reactors`: reactors, their firings and subscriptions. */
export class Reactors {
  readonly #ports: EnginePorts
  readonly #graphs: LiveGraphs

  /** @internal */
  constructor(ports: EnginePorts, graphs: LiveGraphs) {
    this.#ports = ports
    this.#graphs = graphs
  }

  /** Returns all reactors by name. */
  async list(): Promise<readonly ReactorRow[]> {
    await this.#graphs.sources.settled()
    return await this.#ports.store.graphs.listReactors()
  }

  /** Returns a reactor. Throws `REACTOR_NOT_FOUND`. */
  async get(reactor: string): Promise<ReactorRow> {
    textArgument(reactor, 'reactor')
    await this.#graphs.sources.settled()
    const row = await this.#ports.store.graphs.getReactor(reactor)
    if (row !== null) return row
    throw unknownReactor(
      reactor,
      (await this.#ports.store.graphs.listReactors()).map(({ name }) => name),
    )
  }

  /** Returns the firings of a reactor, newest first. */
  async firings(reactor: string, options: PageAfterOptions = {}): Promise<readonly ReactorFiring[]> {
    return await this.#ports.store.graphs.listReactorFirings(
      textArgument(reactor, 'reactor'),
      checkedPageAfter(options),
    )
  }

  /** Returns a firing with the executions that it started. Null for an unknown id. */
  async firing(id: string): Promise<FiringDetail | null> {
    return await this.#ports.store.graphs.getFiring(textArgument(id, 'id'))
  }

  /**
   * Fires a reactor by hand with its newest values. `payload` replaces the values of single sources. Throws
   * `REACTOR_NOT_FOUND`, and `INVALID_ARGUMENT` for an unknown source.
   */
  async fire(reactor: string, payload: JsonObject | null = null, options: ActionOptions = {}): Promise<ReactorFiring> {
    return await this.fireText(reactor, payload === null ? null : toContextText(payload), options)
  }

  /** Fires a reactor like `fire`, with the exact JSON text of the values. */
  async fireText(reactor: string, payloadText: string | null, options: ActionOptions = {}): Promise<ReactorFiring> {
    const row = await this.get(reactor)
    if (payloadText !== null) this.#assertPayload(row, payloadText)
    const action = newAction(this.#ports, 'fire', `reactor ${reactor}`, options)
    const by = action.note === null ? action.source : `${action.source}: ${action.note}`
    const firing = await this.#ports.store.graphs.fire({ reactor, payloadText, by, at: action.at }, ({ id }) => {
      return { ...action, argumentsText: JSON.stringify({ firingId: id }) }
    })
    if (firing === null) throw unknownReactor(reactor, [])
    this.#ports.events.counters.reactors.of(reactor).firings += 1
    this.#graphs.firingsMade()
    return firing
  }

  /**
   * Subscribes a workflow to a reactor from its stored firings on, and returns the id. Subscribing again replaces the
   * predicate and keeps the progress. Throws `INVALID_PREDICATE`, and without `allowMissing` `REACTOR_NOT_FOUND` and
   * `WORKFLOW_NOT_FOUND`.
   */
  async subscribe(reactor: string, workflow: string, options: SubscribeOptions = {}): Promise<string> {
    const { tenant = DEFAULT_TENANT, when = null, allowMissing = false } = options
    if (when !== null) textArgument(when, 'when')
    const names = namesOf(reactor, workflow, tenant)
    if (!allowMissing) await this.#assertDeclared(reactor, workflow)
    const { predicates, newId } = this.#ports
    if (when !== null) await predicates.check(when)
    const newSubscriptionId = newId()
    const action = newAction(this.#ports, 'subscribe', subscriptionTarget(newSubscriptionId), options, {
      ...names,
      predicate: when,
    })
    const added = { id: newSubscriptionId, ...names, predicate: when, at: action.at }
    const id = await this.#ports.store.graphs.subscribe(added, (target) => ({ ...action, target }))
    this.#graphs.firingsMade()
    return id
  }

  /**
   * Returns a warning for each field of the payload that a predicate names although the reactor has no such source.
   * Returns none for a reactor that is not declared yet. `sources`: names of the sources of the reactor, by default
   * those that are declared. Throws `INVALID_PREDICATE`.
   */
  async predicateWarnings(reactor: string, when: string, sources?: readonly string[]): Promise<readonly string[]> {
    const fields = await this.#ports.predicates.check(textArgument(when, 'when'))
    const known = sources ?? (await this.#sourcesOf(textArgument(reactor, 'reactor')))
    if (known === null) return []
    const unknown = fields.filter((field) => !known.includes(field))
    return unknown.map((field) => {
      const hint = didYouMean(field, known) || ` Sources of this reactor: ${known.join(', ')}.`
      return `The predicate names "payload.${field}", but reactor "${reactor}" has no source "${field}".${hint}`
    })
  }

  async #sourcesOf(reactor: string): Promise<readonly string[] | null> {
    const declared = this.#ports.registry.current().graphs.reactors.get(reactor)
    if (declared !== undefined) return declared.sources
    const row = await this.#ports.store.graphs.getReactor(reactor)
    return row === null ? null : row.inputs.map(({ source }) => source)
  }

  /** Removes a subscription. Returns false if there is none. */
  async unsubscribe(
    reactor: string,
    workflow: string,
    options: ActionOptions & { readonly tenant?: string } = {},
  ): Promise<boolean> {
    const { tenant } = namesOf(reactor, workflow, options.tenant ?? DEFAULT_TENANT)
    const action = newAction(this.#ports, 'unsubscribe', `reactor ${reactor}`, options, { workflow, tenant })
    return await this.#ports.store.graphs.unsubscribe(reactor, workflow, tenant, action)
  }

  /** Returns subscriptions by reactor, workflow and tenant. Includes paused ones unless `enabledOnly` is true. */
  async subscriptions(
    filter: { readonly reactor?: string; readonly tenant?: string; readonly enabledOnly?: boolean } = {},
  ): Promise<readonly Subscription[]> {
    return await this.#ports.store.graphs.listSubscriptions({ ...filter, enabledOnly: filter.enabledOnly ?? false })
  }

  /** Returns a subscription. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async subscription(subscriptionId: string): Promise<Subscription> {
    const row = await this.#ports.store.graphs.getSubscription(textArgument(subscriptionId, 'subscriptionId'))
    if (row === null) throw unknownSubscription(subscriptionId)
    return row
  }

  /** Pauses a subscription. `resume` processes the firings of the pause. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async pause(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    await this.#setEnabled(subscriptionId, false, options)
  }

  /** Resumes a subscription. Throws `SUBSCRIPTION_NOT_FOUND`. */
  async resume(subscriptionId: string, options: ActionOptions = {}): Promise<void> {
    await this.#setEnabled(subscriptionId, true, options)
  }

  /**
   * Processes the firings again that have at least the given sequence number, and starts new executions. Returns the
   * lowest of these numbers that is still stored. Throws `SUBSCRIPTION_NOT_FOUND`.
   */
  async replay(subscriptionId: string, fromSequence: number, options: ActionOptions = {}): Promise<number> {
    const from = numberArgument(fromSequence, 'fromSequence', 1)
    const id = textArgument(subscriptionId, 'subscriptionId')
    const action = newAction(this.#ports, 'replay', subscriptionTarget(id), options)
    const first = await this.#ports.store.graphs.replay(id, from, action.at, (first) => {
      return { ...action, argumentsText: JSON.stringify({ fromSequence: from, first }) }
    })
    if (first === null) throw unknownSubscription(id)
    this.#graphs.firingsMade()
    return first
  }

  /** Also accepts declarations of this process that are not stored yet. */
  async #assertDeclared(reactor: string, workflow: string): Promise<void> {
    const declared = this.#ports.registry.current()
    try {
      if (!declared.graphs.reactors.has(reactor)) await this.get(reactor)
      if (!declared.workflows.has(workflow)) await knownWorkflow(this.#ports.store, workflow)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      const message =
        `${error.message} To subscribe before a script declares it, set "allowMissing" ` +
        '(on the command line: --allow-missing).'
      throw new UsageError(error.code, message, error.facts)
    }
  }

  async #setEnabled(subscriptionId: string, isEnabled: boolean, options: ActionOptions): Promise<void> {
    const id = textArgument(subscriptionId, 'subscriptionId')
    const action = newAction(this.#ports, isEnabled ? 'resume' : 'pause', subscriptionTarget(id), options)
    const isKnown = await this.#ports.store.graphs.setSubscriptionEnabled(id, isEnabled, action.at, action)
    if (!isKnown) throw unknownSubscription(id)
    this.#graphs.firingsMade()
  }

  #assertPayload({ name, inputs }: ReactorRow, payloadText: ValueText): void {
    const payload: unknown = JSON.parse(this.#ports.codec.canonicalize(payloadText))
    const sources = inputs.map(({ source }) => source)
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      const message =
        `The payload for reactor "${name}" must be a JSON object that maps names of sources to values. ` +
        `Sources of this reactor: ${sources.join(', ')}.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'payload', reactor: name })
    }
    const other = Object.keys(payload).find((key) => !sources.includes(key))
    if (other === undefined) return
    const message =
      `Reactor "${name}" has no source "${other}".${didYouMean(other, sources)} ` +
      `Its sources: ${sources.join(', ')}.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: `payload.${other}`, reactor: name })
  }
}

function unknownReactor(reactor: string, names: readonly string[]): UsageError {
  const message = `Reactor "${reactor}" not found in this database.${didYouMean(reactor, names)}`
  return new UsageError('REACTOR_NOT_FOUND', message, { reactor })
}

function unknownSubscription(id: string): UsageError {
  const message = `Subscription "${id}" not found in this database.`
  return new UsageError('SUBSCRIPTION_NOT_FOUND', message, { subscriptionId: id })
}

function namesOf(reactor: string, workflow: string, tenant: string): SubscriptionNames {
  return {
    reactor: nameArgument(reactor, 'reactor'),
    workflow: nameArgument(workflow, 'workflow'),
    tenant: nameArgument(tenant, 'tenant'),
  }
}

function subscriptionTarget(id: string): string {
  return `subscription ${id}`
}
