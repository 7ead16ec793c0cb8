/** Whether a runner can do what it is for: for probes, which ask again and again. */

import type { Engine } from '../engine/engine.ts'
import { toError } from '../errors.ts'
import type { Scripting } from './composition.ts'

export interface Readiness {
  readonly isReady: boolean
  /** Null: the database takes a write. Else why it does not. */
  readonly database: string | null
  /** Null: an interpreter answers. Else why none does. */
  readonly python: string | null
}

/** Never rejects. `scripting`: null before anything was loaded. */
export async function readinessOf(engine: Engine, scripting: Scripting | null, withinMs: number): Promise<Readiness> {
  const [database, python] = await Promise.all([engine.health.unwritable(withinMs), unanswered(scripting, withinMs)])
  return { isReady: database === null && python === null, database, python }
}

async function unanswered(scripting: Scripting | null, withinMs: number): Promise<string | null> {
  if (scripting === null) return 'No script has been loaded yet.'
  try {
    return (await scripting.host.answers(withinMs)) ? null : `No interpreter answered within ${withinMs} ms.`
  } catch (thrown) {
    return toError(thrown).message
  }
}
