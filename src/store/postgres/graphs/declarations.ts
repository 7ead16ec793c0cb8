/** The names of sources, reactors and graphs that the engines of one store object declare. */

import { markUndeclared } from '../../steps/declared-graphs.ts'
import type { Liveness } from '../instance-steps.ts'
import type { Session } from '../session/session.ts'
import { carryOut, type SessionParts } from '../session/step-session.ts'

export class GraphDeclarations {
  readonly #liveness: Liveness
  readonly #parts: SessionParts
  /** `others`: the other engines when these names were compared with theirs. */
  readonly #of = new Map<string, { readonly names: readonly string[]; others: string | null }>()

  constructor(liveness: Liveness, parts: SessionParts) {
    this.#liveness = liveness
    this.#parts = parts
  }

  /** See `GraphHosting`. */
  keep(instanceId: string, names: readonly string[]): boolean {
    const hadNames = this.#of.has(instanceId)
    if (names.length > 0) this.#of.set(instanceId, { names, others: null })
    else this.#of.delete(instanceId)
    return hadNames || names.length > 0
  }

  forget(instanceId: string): void {
    this.#of.delete(instanceId)
  }

  /** Part of a heartbeat: compares the names again if an engine was added, left or died, or this engine `isNew`. */
  async beat(session: Session, instanceId: string, isNew: boolean, at: number): Promise<void> {
    const declared = this.#of.get(instanceId)
    if (declared === undefined) return
    const others = await this.#liveness.others(session, instanceId)
    if (!isNew && others === declared.others) return
    declared.others = others
    const dead = await this.#liveness.deadSeqs(session, instanceId)
    await carryOut(
      session,
      function* (session) {
        markUndeclared(session, instanceId, declared.names, at, dead)
      },
      this.#parts,
    )
  }
}
