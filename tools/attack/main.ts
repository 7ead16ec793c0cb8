/**
 * `npm run attack`: attacks programs and servers that it starts on this machine, prints a table of the attempts, and
 * exits with 1 if one of them gained anything. Not part of `npm test`.
 *
 *     npm run attack                      all classes
 *     npm run attack -- tenant            classes that have "tenant" in their names
 */

import { APPROVAL_ATTACKS } from './approvals.ts'
import { HTTP_ATTACKS } from './http.ts'
import { type AttackClass, type AttackResult, hasFindings, reportLines, runClass } from './report.ts'
import { RESTRICTED_ATTACKS } from './restricted.ts'
import { SECRET_ATTACKS } from './secrets.ts'
import { TENANT_ATTACKS } from './tenants.ts'

const CLASSES: readonly AttackClass[] = [
  ...TENANT_ATTACKS,
  ...RESTRICTED_ATTACKS,
  ...HTTP_ATTACKS,
  ...APPROVAL_ATTACKS,
  ...SECRET_ATTACKS,
]

process.once('SIGINT', () => process.exit(130))
// An explicit exit ends attacks that hang.
process.exit(await main(process.argv.slice(2)))

async function main(words: readonly string[]): Promise<number> {
  const chosen = CLASSES.filter(({ name }) => words.every((word) => name.includes(word)))
  if (chosen.length === 0) {
    console.error(`npm run attack: no class has "${words.join(' ')}" in its name. Classes:`)
    for (const { name } of CLASSES) console.error(`  ${name}`)
    return 2
  }
  const results: AttackResult[] = []
  for (const each of chosen) {
    console.error(`attacking: ${each.name} …`)
    results.push(await runClass(each))
  }
  for (const line of reportLines(results)) console.log(line)
  return hasFindings(results) ? 1 : 0
}
