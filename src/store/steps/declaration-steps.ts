/** The declarations of the engines of one store object. Heartbeats repeat them if an engine was added, left or died. */

import type { Session, Step } from '../store-session.ts'

/** Part of a step: marks undeclared rows, and stores the declaration if the engine `isNew`. Ignores `deadSeqs`. */
export type Declare = (session: Session, at: number, deadSeqs: readonly number[], isNew: boolean) => Step<void>

type Kind = 'code' | 'graphs' | 'limits'

interface Kept {
  readonly isEmpty: boolean
  readonly declare: Declare
}

interface EngineDeclarations {
  readonly kinds: Map<Kind, Kept>
  /** Other engines at the last comparison, or null before the first. */
  comparedWith: string | null
}

export class LiveDeclarations {
  readonly #of = new Map<string, EngineDeclarations>()

  /** Replaces the declaration of a kind. Returns whether the engine declares something of this kind, or did before. */
  keep(instanceId: string, kind: Kind, isEmpty: boolean, declare: Declare): boolean {
    const kinds = this.#of.get(instanceId)?.kinds ?? new Map<Kind, Kept>()
    const wasEmpty = kinds.get(kind)?.isEmpty ?? true
    this.#of.set(instanceId, { kinds: kinds.set(kind, { isEmpty, declare }), comparedWith: null })
    return !(isEmpty && wasEmpty)
  }

  forget(instanceId: string): void {
    this.#of.delete(instanceId)
  }

  of(instanceId: string): readonly Declare[] {
    return [...(this.#of.get(instanceId)?.kinds.values() ?? [])].map(({ declare }) => declare)
  }

  isComparedWith(instanceId: string, others: string): boolean {
    return this.#of.get(instanceId)?.comparedWith === others
  }

  /** Must be called after the commit, because a step may run twice. */
  compared(instanceId: string, others: string): void {
    const declarations = this.#of.get(instanceId)
    if (declarations !== undefined) declarations.comparedWith = others
  }
}
