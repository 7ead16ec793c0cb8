/** What a user grants to scripts, checked before anything is started. Used by the runner and by programs. */

import { delimiter } from 'node:path'
import type { LoadTarget, ProgramTarget } from '../../border/protocol.ts'
import { UsageError } from '../../errors.ts'
import { type PythonChoice, restrictedCPython } from '../../host/environment/python-choice.ts'
import { grantsOf } from '../../host/restriction/granted.ts'
import { requireRestriction } from '../../host/restriction/node-flags.ts'
import { type Restriction, type Restrictions, UNRESTRICTED } from '../../host/restriction/restriction.ts'
import { ScriptRestrictions } from '../../host/restriction/script-restrictions.ts'

/** As of `RunnerOptions`. */
export interface RestrictionOptions {
  readonly python?: PythonChoice | undefined
  readonly restrict?: Restriction | null | undefined
  readonly restrictFor?: Readonly<Record<string, Restriction | null>> | undefined
}

/** Throws `INVALID_ARGUMENT` for what cannot be granted, and where this Node cannot restrict anything. */
export function checkedRestrictions({ restrict = null, restrictFor = {}, python }: RestrictionOptions): Restrictions {
  const byPlace = Object.entries(restrictFor)
  const all = [restrict, ...byPlace.map(([, each]) => each)].filter((each) => each !== null)
  if (all.length === 0) return UNRESTRICTED
  requireRestriction()
  if (restrict !== null && python?.kind === 'cpython') throw restrictedCPython(python.executable)
  for (const each of all) grantsOf(each, [])
  return Object.freeze({ all: restrict, byPlace: Object.freeze({ ...restrictFor }) })
}

/** Throws `INVALID_ARGUMENT` for a program that a Python of the machine is to run, and that is to be restricted. */
export function refuseRestrictedProgram(
  target: ProgramTarget,
  restrictFor: Readonly<Record<string, Restriction | null>>,
  executable: string,
): void {
  const restrictions = new ScriptRestrictions(checkedRestrictions({ restrictFor }), withoutPackages())
  if (restrictions.ofProgram(target) !== null) throw restrictedCPython(executable)
}

/** Throws `INVALID_ARGUMENT` for a place that none of these scripts is in, where there is no Python. */
export function requireMatches(targets: readonly LoadTarget[], restrictions: Restrictions): void {
  new ScriptRestrictions(restrictions, withoutPackages()).requireMatches(targets)
}

/** Returns the folders in which modules are searched, without those of installed packages. */
function withoutPackages() {
  const pythonPath = (process.env.PYTHONPATH ?? '').split(delimiter).filter((entry) => entry !== '')
  return { cwd: process.cwd(), pythonPath, sitePackages: [] }
}

/** TypeScript and JavaScript run in the process of the engine. Throws `INVALID_ARGUMENT` for a file that is to be restricted. */
export function refuseRestricted(target: LoadTarget & { readonly kind: 'file' }, restrictions: Restrictions): void {
  if (new ScriptRestrictions(restrictions, withoutPackages()).of(target) === null) return
  throw new UsageError(
    'INVALID_ARGUMENT',
    `"${target.path}" cannot be restricted: TypeScript and JavaScript run in the process of cloaca itself. Serve it without --restrict, or exclude it with restrict = false in restrict-for.`,
    { script: target.path },
  )
}
