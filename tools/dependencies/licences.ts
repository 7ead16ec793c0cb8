/**
 * Checks the licences of all packages in the lock files, including development packages, against a list of permitted
 * ones. Prints the number of packages per licence, and exits with 1 if a licence is not permitted.
 *
 *     npm run check:licences
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** SPDX identifiers of permitted licences. Before you add one, read its conditions for redistribution. */
const ALLOWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
])

const LOCKS = ['package-lock.json', 'tools/reference/package-lock.json']

interface Lock {
  readonly packages: Readonly<Record<string, { readonly license?: unknown; readonly link?: boolean }>>
}

/** Returns whether all parts of one alternative of an SPDX expression are permitted. */
export function isAllowed(expression: unknown): boolean {
  if (typeof expression !== 'string') return false
  const alternatives = expression.replace(/^\((.*)\)$/, '$1').split(' OR ')
  return alternatives.some((alternative) => alternative.split(' AND ').every((licence) => ALLOWED.has(licence)))
}

/** Returns the packages by their licence. The key null is for packages without a licence in the lock file. */
export function licencesIn({ packages }: Lock): ReadonlyMap<unknown, readonly string[]> {
  const others = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true)
  const byLicence = Map.groupBy(others, ([, { license }]) => license ?? null)
  return new Map([...byLicence].map(([licence, found]) => [licence, found.map(([path]) => path)]))
}

function main(): number {
  let exitCode = 0
  for (const path of LOCKS) {
    const lock = JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Lock
    for (const [licence, packages] of licencesIn(lock)) {
      if (isAllowed(licence)) console.log(`${path}: ${packages.length} packages under ${licence}`)
      else {
        exitCode = 1
        console.error(`${path}: the licence ${JSON.stringify(licence)} is not allowed: ${packages.join(', ')}`)
      }
    }
  }
  return exitCode
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main()
