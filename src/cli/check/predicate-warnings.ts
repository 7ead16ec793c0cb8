/** Finds predicates of subscriptions that name a field which no source of their reactor declares. */

import type { CheckReport, Runner } from '../../index.ts'

/** Returns the warnings for the subscriptions of a database to the checked reactors. */
export async function predicateWarnings({ scripts }: CheckReport, { reactors }: Runner): Promise<readonly string[]> {
  const declared = new Map(scripts.flatMap((script) => script.reactors.map(({ name, sources }) => [name, sources])))
  const warnings: string[] = []
  for (const { reactor, workflow, predicate } of await reactors.subscriptions()) {
    const sources = declared.get(reactor)
    if (sources === undefined || predicate === null) continue
    for (const warning of await reactors.predicateWarnings(reactor, predicate, sources)) {
      warnings.push(`Subscription of workflow "${workflow}": ${warning}`)
    }
  }
  return warnings
}
