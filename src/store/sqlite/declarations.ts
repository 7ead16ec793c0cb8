/** What the instances of one store object have said that they declare: said again when one may have come, gone or died. */

import type { Connection } from './file/connection.ts'

/** A part of a step: writes what an instance declares, and marks what none does. `deadSeqs`: of instances whose word does not count. */
export type Declare = (connection: Connection, at: number, deadSeqs: readonly number[]) => void

export class Declarations {
  readonly #of = new Map<string, Map<'code' | 'graphs', Declare>>()

  /** Takes the place of what the instance declared of its kind before. */
  keep(instanceId: string, kind: 'code' | 'graphs', declare: Declare): Declare {
    const kept = this.#of.get(instanceId) ?? new Map<'code' | 'graphs', Declare>()
    this.#of.set(instanceId, kept.set(kind, declare))
    return declare
  }

  has(instanceId: string, kind: 'code' | 'graphs'): boolean {
    return this.#of.get(instanceId)?.has(kind) ?? false
  }

  drop(instanceId: string, kind: 'code' | 'graphs'): void {
    this.#of.get(instanceId)?.delete(kind)
  }

  forget(instanceId: string): void {
    this.#of.delete(instanceId)
  }

  of(instanceId: string): readonly Declare[] {
    return [...(this.#of.get(instanceId)?.values() ?? [])]
  }
}
