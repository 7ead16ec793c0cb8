/** Finds triggers of a database whose state remains although no checked script declares them. */

import type { CheckReport, Runner } from '../../index.ts'

const PAGE = 1_000

/** Returns a warning for each of them. */
export async function remainingStates({ scripts }: CheckReport, { triggers }: Runner): Promise<readonly string[]> {
  const declared = new Set(scripts.flatMap((script) => script.triggers.map(({ name }) => name)))
  const warnings: string[] = []
  for (let offset = 0; ; offset += PAGE) {
    const rows = await triggers.list({ limit: PAGE, offset })
    for (const { name, takesState } of rows) {
      if (!takesState || declared.has(name)) continue
      const { version } = await triggers.state(name)
      if (version > 0) warnings.push(warning(name))
    }
    if (rows.length < PAGE) return warnings
  }
}

function warning(name: string): string {
  return (
    `Trigger "${name}" is not declared, but its state remains in the database. If it was renamed, the new trigger ` +
    `starts with an empty state. To delete the old trigger with its state, run: cloaca trigger delete ${name}`
  )
}
