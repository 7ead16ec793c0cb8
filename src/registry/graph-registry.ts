/**
 * The sources, reactors and graphs that scripts declare: the part of the registry that is about them. Held by
 * `LiveRegistry`, which says what the rules are when several scripts declare a name.
 */

import type { BadSource, GraphDeclarations } from '../model/declarations.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../model/graphs/definitions.ts'
import { DeclaredNames } from './declared-names.ts'
import { duplicateOf, type RegistryProblem } from './registry.ts'

/** By name. */
export interface GraphRegistry {
  readonly sources: ReadonlyMap<string, SourceDefinition>
  readonly reactors: ReadonlyMap<string, ReactorDefinition>
  readonly graphs: ReadonlyMap<string, GraphDefinition>
  /** Sources that are declared and cannot be taken over: their events wait. */
  readonly badSources: ReadonlySet<string>
  /** False while scripts are on their way: a source that only reactors name may still be declared by one of them. */
  readonly isComplete: boolean
}

type RankOf = (script: string) => number

export class DeclaredGraphNames {
  readonly #sources = new DeclaredNames<SourceDefinition>()
  readonly #reactors = new DeclaredNames<ReactorDefinition>()
  readonly #graphs = new DeclaredNames<GraphDefinition>()
  readonly #badSources = new DeclaredNames<BadSource>()

  /** Returns everything that is wrong with them; what is good is in use. */
  declare({ sources, badSources, reactors, graphs }: GraphDeclarations, rankOf: RankOf): readonly RegistryProblem[] {
    const problems: RegistryProblem[] = []
    for (const bad of badSources) {
      this.#badSources.declare(bad.name, bad, rankOf)
      problems.push(badSource(bad))
    }
    for (const each of sources) problems.push(...declareIn(this.#sources, 'source', each, rankOf))
    for (const each of reactors) problems.push(...declareIn(this.#reactors, 'reactor', each, rankOf))
    for (const each of graphs) problems.push(...declareIn(this.#graphs, 'graph', each, rankOf))
    return problems
  }

  forget(script: string): void {
    for (const names of [this.#sources, this.#badSources, this.#reactors, this.#graphs]) names.forget(script)
  }

  snapshot(isComplete: boolean): GraphRegistry {
    return Object.freeze({
      sources: new Map(this.#sources.inUse),
      reactors: new Map(this.#reactors.inUse),
      graphs: new Map(this.#graphs.inUse),
      badSources: new Set(this.#badSources.inUse.keys()),
      isComplete,
    })
  }
}

function badSource({ name, ...rest }: BadSource): RegistryProblem {
  return { ...rest, kind: 'badSource', source: name }
}

function declareIn<Definition extends SourceDefinition | ReactorDefinition | GraphDefinition>(
  names: DeclaredNames<Definition>,
  what: 'source' | 'reactor' | 'graph',
  definition: Definition,
  rankOf: RankOf,
): readonly RegistryProblem[] {
  const { name } = definition
  const other = names.declare(name, Object.freeze(definition), rankOf)
  const problem = other && duplicateOf(what, name, definition, other, names.inUse.get(name) ?? definition)
  return problem === null ? [] : [problem]
}
