/** Sources, reactors and graphs that scripts declare. Owned by `LiveRegistry`, which resolves duplicate names. */

import type { BadSource, GraphDeclarations } from '../model/declarations.ts'
import type { GraphDefinition, ReactorDefinition, SourceDefinition } from '../model/graphs/definitions.ts'
import { DeclaredNames } from './declared-names.ts'
import { findDuplicate, type GraphRegistry, type RegistryProblem } from './registry.ts'

type RankOf = (script: string) => number

export class DeclaredGraphNames {
  readonly #sources = new DeclaredNames<SourceDefinition>()
  readonly #reactors = new DeclaredNames<ReactorDefinition>()
  readonly #graphs = new DeclaredNames<GraphDefinition>()
  readonly #badSources = new DeclaredNames<BadSource>()

  /** Adds the valid declarations, and returns all problems of the others. */
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
  const problem = other && findDuplicate(what, name, definition, other, names.inUse.get(name) ?? definition)
  return problem === null ? [] : [problem]
}
