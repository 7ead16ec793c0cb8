/** Counters of attempted attacks, and their table. */

/** One kind of attack. It attacks only programs and servers that it starts on this machine. */
export interface AttackClass {
  readonly name: string
  /** Makes all attempts. A rejected promise is a finding, too. */
  readonly run: (attempts: Attempts) => Promise<void>
}

/** Attempts of one class. Each of them is either blocked or a finding. */
export class Attempts {
  readonly #findings: string[] = []
  #blocked = 0

  get blocked(): number {
    return this.#blocked
  }

  get findings(): readonly string[] {
    return this.#findings
  }

  get made(): number {
    return this.#blocked + this.#findings.length
  }

  /** Counts an attempt. `finding` describes the gain of the attacker, or is null if the attempt was blocked. */
  count(finding: string | null): void {
    if (finding === null) this.#blocked += 1
    else this.#findings.push(finding)
  }

  /** Counts several blocked attempts. */
  countBlocked(attempts: number): void {
    this.#blocked += attempts
  }
}

export interface AttackResult {
  readonly name: string
  readonly attempts: Attempts
}

const CLASS_LIMIT_MS = 10 * 60_000
const MAX_FINDINGS_SHOWN = 20

/**
 * Runs one class. A class that fails, hangs or attempts nothing is a finding, because a broken attack must not look
 * like a blocked one.
 */
export async function runClass({ name, run }: AttackClass): Promise<AttackResult> {
  const attempts = new Attempts()
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${CLASS_LIMIT_MS / 1000} s`)), CLASS_LIMIT_MS)
  })
  try {
    await Promise.race([run(attempts), overdue])
    if (attempts.made === 0) attempts.count('the attack made no attempt')
  } catch (error) {
    attempts.count(`the attack failed before its end: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
  return { name, attempts }
}

/** Returns the lines of the table, followed by the findings. */
export function reportLines(results: readonly AttackResult[]): readonly string[] {
  const sum = (of: (attempts: Attempts) => number) => results.reduce((total, { attempts }) => total + of(attempts), 0)
  const rows = [
    ['ATTACK', 'ATTEMPTS', 'BLOCKED'],
    ...results.map(({ name, attempts }) => [name, String(attempts.made), String(attempts.blocked)]),
    ['all', String(sum(({ made }) => made)), String(sum(({ blocked }) => blocked))],
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const [nameWidth = 0, attemptsWidth = 0, blockedWidth = 0] = widths
  const table = rows.map(
    ([name = '', made = '', blocked = '']) =>
      `${name.padEnd(nameWidth)}  ${made.padStart(attemptsWidth)}  ${blocked.padStart(blockedWidth)}`,
  )
  return [...table, ...results.flatMap(findingLines)]
}

function findingLines({ name, attempts: { findings } }: AttackResult): readonly string[] {
  if (findings.length === 0) return []
  const shown = findings.slice(0, MAX_FINDINGS_SHOWN).map((finding) => `  - ${finding}`)
  const hidden = findings.length - shown.length
  return ['', `Findings of "${name}":`, ...shown, ...(hidden > 0 ? [`  - and ${hidden} more`] : [])]
}

export function hasFindings(results: readonly AttackResult[]): boolean {
  return results.some(({ attempts }) => attempts.findings.length > 0)
}
