/**
 * Asks the package registry for known vulnerabilities of the packages that users install, and exits with 1 if there is
 * one. If the registry offers no audit, as some mirrors do not, it prints that and exits with 0. If the request fails
 * for another reason, it exits with 1.
 *
 *     npm run check:audit
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Status codes of registries without an audit. */
const NOT_OFFERED: ReadonlySet<number> = new Set([404, 405, 501])

export interface Verdict {
  readonly isFailure: boolean
  readonly message: string
}

/** Returns the result of the check for a report of `npm audit --json`. */
export function verdictOf(report: string): Verdict {
  const { statusCode, message, vulnerabilities } = parsed(report)
  if (vulnerabilities === undefined) {
    const isOffered = statusCode === undefined || !NOT_OFFERED.has(statusCode)
    const said = message ?? 'npm audit printed no report'
    if (isOffered) return { isFailure: true, message: `The check for vulnerabilities failed: ${said}` }
    return { isFailure: false, message: `Nothing was checked: this registry offers no audit (${said}).` }
  }
  const found = Object.entries(vulnerabilities).map(([name, { severity }]) => `${name} (${severity})`)
  if (found.length === 0) return { isFailure: false, message: 'No package has a known vulnerability.' }
  return { isFailure: true, message: `Packages with known vulnerabilities: ${found.join(', ')}. See: npm audit` }
}

interface Report {
  readonly statusCode?: number
  readonly message?: string
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>
}

function parsed(report: string): Report {
  try {
    return JSON.parse(report) as Report
  } catch {
    return {}
  }
}

function main(): number {
  const words = ['audit', '--json', '--omit=dev']
  const { stdout } = spawnSync('npm', words, { encoding: 'utf8', shell: process.platform === 'win32' })
  const { isFailure, message } = verdictOf(stdout ?? '')
  console.log(message)
  return isFailure ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main()
