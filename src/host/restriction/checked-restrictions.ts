/** Checks restrictions that a user asks for, before any process starts. Used by the runner and by programs. */

import { delimiter } from 'node:path'
import type { LoadTarget, ProgramTarget } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import { type PythonChoice, restrictedCPython } from '../environment/python-choice.ts'
import { resolveGrants } from './granted.ts'
import { requireRestriction } from './node-flags.ts'
import { type Restriction, type Restrictions, UNRESTRICTED } from './restriction.ts'
import { ScriptRestrictions } from './script-restrictions.ts'

export interface RestrictionOptions {
  readonly python?: PythonChoice | undefined
  readonly restrict?: Restriction | null | undefined
  readonly restrictFor?: Readonly<Record<string, Restriction | null>> | undefined
}

/** Throws `INVALID_ARGUMENT` for what cannot be granted, or if this Node cannot restrict anything. */
export function checkedRestrictions({ restrict = null, restrictFor = {}, python }: RestrictionOptions): Restrictions {
  const byPlace = Object.entries(restrictFor)
  const all = [restrict, ...byPlace.map(([, each]) => each)].filter((each) => each !== null)
  if (all.length === 0) return UNRESTRICTED
  requireRestriction()
  if (restrict !== null && python?.kind === 'cpython') throw restrictedCPython(python.executable)
  for (const each of all) resolveGrants(each, [])
  return Object.freeze({ all: restrict, byPlace: Object.freeze({ ...restrictFor }) })
}

/** Throws `INVALID_ARGUMENT` for a restricted program that is to run under the system's CPython. */
export function refuseRestrictedProgram(
  target: ProgramTarget,
  restrictFor: Readonly<Record<string, Restriction | null>>,
  executable: string,
): void {
  const restrictions = new ScriptRestrictions(checkedRestrictions({ restrictFor }), withoutPackages())
  if (restrictions.ofProgram(target) !== null) throw restrictedCPython(executable)
}

/** Throws `INVALID_ARGUMENT` if a place contains none of these scripts. Does not need Python. */
export function requireMatches(targets: readonly LoadTarget[], restrictions: Restrictions): void {
  new ScriptRestrictions(restrictions, withoutPackages()).requireMatches(targets)
}

function withoutPackages() {
  const pythonPath = (process.env.PYTHONPATH ?? '').split(delimiter).filter((entry) => entry !== '')
  return { cwd: process.cwd(), pythonPath, sitePackages: [] }
}

/** Throws `INVALID_ARGUMENT` for a restricted file of TypeScript or JavaScript, which runs in the engine's process. */
export function refuseRestricted(target: LoadTarget & { readonly kind: 'file' }, restrictions: Restrictions): void {
  if (new ScriptRestrictions(restrictions, withoutPackages()).of(target) === null) return
  throw new UsageError(
    'INVALID_ARGUMENT',
    `"${target.path}" cannot be restricted: TypeScript and JavaScript run in the process of cloaca itself. Serve it ` +
      `without --restrict, or exclude it with restrict = false in restrict-for.`,
    { script: target.path },
  )
}
