/** Decodes Python's declarations of sources, reactors and graphs. Used by `script-declarations.ts`. */

import * as v from 'valibot'
import { InternalError } from '../../errors.ts'
import type { BadSource, GraphDeclarations } from '../../model/declarations.ts'
import type {
  Accumulation,
  GraphDefinition,
  ReactorDefinition,
  SourceDefinition,
} from '../../model/graphs/definitions.ts'

const place = v.nullable(v.object({ file: v.string(), line: v.number() }))

export const sourceSchema = v.object({
  kind: v.literal('source'),
  source: v.object({
    name: v.string(),
    kind: v.picklist(['passthrough', 'stream', 'polling', 'batch', 'state']),
    description: v.string(),
    place,
    /** Null also for a text that is not a duration, which `problem` reports. */
    intervalMs: v.nullable(v.number()),
    maxSize: v.nullable(v.number()),
    capacity: v.nullable(v.number()),
    stream: v.nullable(v.object({ type: v.string(), topic: v.string(), group: v.nullable(v.string()) })),
    problem: v.nullable(v.string()),
  }),
})

export const reactorSchema = v.object({
  kind: v.literal('reactor'),
  reactor: v.object({
    name: v.string(),
    sources: v.array(v.string()),
    mode: v.picklist(['when_any', 'when_all']),
    place,
  }),
})

export const graphSchema = v.object({
  kind: v.literal('graph'),
  graph: v.object({
    name: v.string(),
    reactor: v.nullable(v.string()),
    nodes: v.array(
      v.object({
        id: v.string(),
        inputs: v.array(v.string()),
        next: v.nullable(v.string()),
        routes: v.nullable(v.array(v.tuple([v.string(), v.string()]))),
      }),
    ),
    description: v.string(),
    place,
  }),
})

type Declared =
  | v.InferOutput<typeof sourceSchema>
  | v.InferOutput<typeof reactorSchema>
  | v.InferOutput<typeof graphSchema>
type DeclaredSource = v.InferOutput<typeof sourceSchema>['source']

export class GraphAssembly {
  readonly #script: string
  readonly #sources: SourceDefinition[] = []
  readonly #badSources: BadSource[] = []
  readonly #reactors: ReactorDefinition[] = []
  readonly #graphs: GraphDefinition[] = []

  constructor(script: string) {
    this.#script = script
  }

  add(declared: Declared): void {
    const script = this.#script
    switch (declared.kind) {
      case 'source':
        this.#addSource(declared.source)
        break
      case 'reactor':
        this.#reactors.push({ ...declared.reactor, script })
        break
      case 'graph':
        this.#graphs.push({ ...declared.graph, script })
        break
    }
  }

  get declarations(): GraphDeclarations {
    return {
      sources: this.#sources,
      badSources: this.#badSources,
      reactors: this.#reactors,
      graphs: this.#graphs,
    }
  }

  #addSource(declared: DeclaredSource): void {
    const { name, description, place, problem } = declared
    const script = this.#script
    if (problem !== null) this.#badSources.push({ name, message: problem, script, place })
    else this.#sources.push({ name, accumulation: accumulationOf(declared), description, script, place })
  }
}

function accumulationOf({ name, kind, intervalMs, maxSize, capacity, stream }: DeclaredSource): Accumulation {
  switch (kind) {
    case 'passthrough':
      return { kind }
    case 'stream':
      return { kind, ...given(stream, name, 'stream') }
    case 'polling':
      return { kind, intervalMs: given(intervalMs, name, 'intervalMs') }
    case 'batch':
      return { kind, intervalMs: given(intervalMs, name, 'intervalMs'), maxSize }
    case 'state':
      return { kind, capacity: given(capacity, name, 'capacity') }
  }
}

function given<Value>(value: Value | null, source: string, field: string): Value {
  if (value !== null) return value
  throw new InternalError(`The declaration of source "${source}" that Python sent has no "${field}".`, {
    source,
    path: field,
  })
}
