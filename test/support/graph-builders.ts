/** Builders of sources, reactors and graphs for store tests, with defaults. Times are offsets from `START`. */

import { randomUUID } from 'node:crypto'
import type {
  DeclaredGraphs,
  Delivery,
  DeliveryResult,
  GraphStore,
  NewEvents,
  NewSubscription,
  SourcePoll,
  SubscriptionStep,
} from '../../src/engine/graphs/graph-store.ts'
import type {
  Accumulation,
  GraphDefinition,
  ReactionMode,
  ReactorDefinition,
  SourceDefinition,
} from '../../src/model/graphs/definitions.ts'
import type { ReactorFiring } from '../../src/model/graphs/graph-model-rows.ts'
import { newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export const PASSTHROUGH: Accumulation = { kind: 'passthrough' }

export function source(name = 'prices', accumulation: Accumulation = PASSTHROUGH): SourceDefinition {
  return { name, accumulation, description: '', script: 's-1', place: { file: 'prices.py', line: 3 } }
}

export function reactor(
  name = 'alarm',
  sources: readonly string[] = ['prices'],
  mode: ReactionMode = 'when_any',
): ReactorDefinition {
  return { name, sources, mode, script: 's-1', place: null }
}

export function graph(name = 'judge', of: string | null = 'alarm'): GraphDefinition {
  const node = { id: 'look', inputs: ['prices'], next: null, routes: null }
  return { name, reactor: of, nodes: [node], description: '', script: 's-1', place: null }
}

export function declared(given: Partial<DeclaredGraphs> = {}): DeclaredGraphs {
  return { sources: [source()], reactors: [reactor()], graphs: [graph()], ...given }
}

export const NOTHING: DeclaredGraphs = { sources: [], reactors: [], graphs: [] }

export function newEvents(texts: readonly string[], given: Partial<NewEvents> = {}): NewEvents {
  return {
    source: 'prices',
    events: texts.map((eventText) => ({ eventText })),
    maxWaiting: 10_000,
    at: START,
    ...given,
  }
}

export function delivery(given: Partial<Delivery> & Pick<Delivery, 'upToSequence'>): Delivery {
  return {
    source: 'prices',
    instanceId: 'one',
    lease: 1,
    values: [],
    dropped: 0,
    failures: [],
    capacity: null,
    graphs: [{ graph: 'judge', reactor: 'alarm' }],
    at: START + 1,
    ...given,
  }
}

export function poll(given: Partial<SourcePoll> = {}): SourcePoll {
  return {
    outcome: 'skipped',
    firstAt: START,
    lastAt: START,
    count: 1,
    latenessMs: 2,
    durationMs: 5,
    sequence: null,
    error: null,
    ...given,
  }
}

export function subscription(given: Partial<NewSubscription> = {}): NewSubscription {
  return {
    id: randomUUID(),
    reactor: 'alarm',
    workflow: 'ingest',
    tenant: 'public',
    predicate: null,
    at: START,
    ...given,
  }
}

/** Returns a step that advances a subscription over the firings, and starts an execution for each. */
export function passOn(
  id: string,
  firings: readonly ReactorFiring[],
  given: Partial<SubscriptionStep> = {},
): SubscriptionStep {
  const last = firings.at(-1)
  return {
    id,
    seenSequence: (firings[0]?.sequence ?? 1) - 1,
    doneSequence: last?.sequence ?? 0,
    lastSeenFiredAt: last?.firedAt ?? null,
    executions: firings.map((firing) => ({ firing, execution: newExecution() })),
    error: null,
    at: START + 2,
    ...given,
  }
}

/** Source that the engine "one" has leased. It accepts events and delivers them to reactors. */
export class FedSource {
  readonly #graphs: () => GraphStore
  readonly #name: string
  lease = 0

  private constructor(graphs: () => GraphStore, name: string) {
    this.#graphs = graphs
    this.#name = name
  }

  static async open(context: ContractContext, given: DeclaredGraphs = declared(), name = 'prices'): Promise<FedSource> {
    await context.store.openInstance('one', START)
    await context.store.graphs.declare('one', given, START)
    return await FedSource.of(context, name)
  }

  /** Leases another source that is already declared. */
  static async of(context: ContractContext, name: string): Promise<FedSource> {
    const fed = new FedSource(() => context.store.graphs, name)
    const [lease] = await context.store.graphs.leaseSources('one', [name])
    fed.lease = lease?.number ?? 0
    return fed
  }

  /** Accepts events, and delivers each unchanged as a value. */
  async feed(texts: readonly string[], given: Partial<Delivery> = {}): Promise<Delivered> {
    const accepted = await this.#graphs().accept(newEvents(texts, { source: this.#name }))
    if (accepted.kind !== 'accepted') throw new Error('there is no such source')
    const { firstSequence: first } = accepted
    const values = texts.map((valueText, index) => {
      return { firstSequence: first + index, lastSequence: first + index, valueText }
    })
    const upToSequence = first + texts.length - 1
    const of = { source: this.#name, lease: this.lease }
    const result = await this.#graphs().deliver(delivery({ ...of, upToSequence, values, ...given }))
    if (result.kind === 'lost') throw new Error('it was lost')
    return result
  }

  /** Feeds events, and returns the payloads of the resulting firings. */
  async payloads(...texts: readonly string[]): Promise<readonly string[]> {
    return (await this.feed(texts)).firings.map(({ payloadText }) => payloadText)
  }
}

type Delivered = Extract<DeliveryResult, { readonly kind: 'delivered' }>
