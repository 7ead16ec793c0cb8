/** Readiness of a runner, for probes, which query it repeatedly. */

import type { Engine } from '../engine/engine.ts'
import { toError } from '../errors.ts'
import type { ScriptHosts } from './hosts/script-hosts.ts'

/** Readiness of a runner. */
export interface Readiness {
  readonly isReady: boolean
  /** Reason why the database cannot be written, or null. */
  readonly database: string | null
  /** Reason why no interpreter answers. Null if an interpreter answers, or if none is needed. */
  readonly python: string | null
}

/**
 * Never rejects.
 * @internal
 */
export async function checkReadiness(engine: Engine, hosts: ScriptHosts, withinMs: number): Promise<Readiness> {
  const [database, python] = await Promise.all([engine.health.unwritable(withinMs), unanswered(hosts, withinMs)])
  return { isReady: database === null && python === null, database, python }
}

/** Returns null without Python scripts: TypeScript needs no interpreter. */
async function unanswered({ pythonNow, modulesNow }: ScriptHosts, withinMs: number): Promise<string | null> {
  if (pythonNow === null) return modulesNow === null ? 'No script has been loaded yet.' : null
  try {
    return await pythonNow.host.unanswered(withinMs)
  } catch (thrown) {
    return toError(thrown).message
  }
}
