/** Coverage of operations by faults: each fault is counted once for every operation that its process is performing. */

export class Coverage {
  readonly #underWay = new Map<string, Map<string, number>>()
  readonly #pairs = new Map<string, Map<string, number>>()

  begun(process: string, operation: string): void {
    this.#add(process, operation, 1)
  }

  ended(process: string, operation: string): void {
    this.#add(process, operation, -1)
  }

  /** Counts a fault of a process, or of all processes for null. */
  fault(kind: string, process: string | null): void {
    const operations = this.#pairs.get(kind) ?? new Map<string, number>()
    this.#pairs.set(kind, operations)
    const met = new Set<string>()
    for (const [name, counts] of this.#underWay) {
      if (process !== null && name !== process && !name.startsWith(`${process}.`)) continue
      for (const [operation, count] of counts) if (count > 0) met.add(operation)
    }
    for (const operation of met.size === 0 ? ['nothing'] : met) {
      operations.set(operation, (operations.get(operation) ?? 0) + 1)
    }
  }

  /** Forgets the operations of a process that ended. */
  forget(process: string): void {
    for (const name of [...this.#underWay.keys()]) {
      if (name === process || name.startsWith(`${process}.`)) this.#underWay.delete(name)
    }
  }

  toJSON(): Record<string, Record<string, number>> {
    return Object.fromEntries([...this.#pairs].map(([fault, operations]) => [fault, Object.fromEntries(operations)]))
  }

  #add(process: string, operation: string, change: 1 | -1): void {
    const counts = this.#underWay.get(process) ?? new Map<string, number>()
    this.#underWay.set(process, counts)
    counts.set(operation, (counts.get(operation) ?? 0) + change)
  }
}

type Pairs = Record<string, Record<string, number>>

export function mergedCoverage(all: readonly Pairs[]): Pairs {
  const merged: Pairs = {}
  for (const pairs of all) {
    for (const [fault, operations] of Object.entries(pairs)) {
      merged[fault] ??= {}
      const counts = merged[fault]
      for (const [operation, count] of Object.entries(operations)) counts[operation] = (counts[operation] ?? 0) + count
    }
  }
  return merged
}

/** Returns a table with a column per fault and a row per operation. */
export function coverageTable(pairs: Pairs): string {
  const faults = Object.keys(pairs).sort()
  const operations = [...new Set(Object.values(pairs).flatMap((counts) => Object.keys(counts)))].sort()
  const rows = [
    ['operation', ...faults],
    ...operations.map((each) => [each, ...faults.map((fault) => String(pairs[fault]?.[each] ?? 0))]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n')
}
