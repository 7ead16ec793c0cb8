/**
 * Selects the triggers that an engine polls if several engines have their code: an equal share each, with as few moves
 * as possible. Each engine computes the same distribution from the database, so no engine has to lead. An engine takes
 * a trigger only after its holder has released it, so a trigger never has two holders.
 */

export interface SharedTrigger {
  readonly name: string
  /** The engine that polls the trigger. Null if no living engine polls it. */
  readonly holder: number | null
}

export interface SharingEngine {
  readonly seq: number
  readonly names: ReadonlySet<string>
}

export interface Moves {
  readonly take: readonly string[]
  /** Triggers that this engine holds, and that belong to the share of another engine. */
  readonly surplus: readonly string[]
}

interface Share extends SharingEngine {
  count: number
  readonly triggers: Set<string>
}

/**
 * @param triggers triggers whose code at least one engine has, in any order
 * @param instances living engines, including this one
 */
export function shareMoves(
  self: number,
  triggers: readonly SharedTrigger[],
  instances: readonly SharingEngine[],
): Moves {
  const own = instances.find(({ seq }) => seq === self)
  const free = triggers.filter(({ name, holder }) => holder === null && own?.names.has(name))
  if (instances.length === 1) return { take: free.map(({ name }) => name), surplus: [] }
  const mine = sharesOf(triggers, instances).find(({ seq }) => seq === self)?.triggers
  return {
    take: free.filter(({ name }) => mine?.has(name)).map(({ name }) => name),
    surplus: triggers.filter(({ name, holder }) => holder === self && !mine?.has(name)).map(({ name }) => name),
  }
}

/** Decides first how many triggers each engine gets, then which. A holder keeps its triggers up to its number. */
function sharesOf(triggers: readonly SharedTrigger[], instances: readonly SharingEngine[]): readonly Share[] {
  const shares = instances.map(({ seq, names }): Share => ({ seq, names, count: 0, triggers: new Set() }))
  shares.sort((one, other) => one.seq - other.seq)
  const sorted = [...triggers].sort((one, other) => (one.name < other.name ? -1 : 1))
  for (const { name } of sorted) {
    const least = roomiest(shares, name, ({ count }) => -count)
    if (least !== undefined) least.count += 1
  }
  const moving: string[] = []
  for (const { name, holder } of sorted) {
    const kept = shares.find(({ seq, names }) => seq === holder && names.has(name))
    if (kept !== undefined && kept.triggers.size < kept.count) kept.triggers.add(name)
    else moving.push(name)
  }
  // If the engines have different code, no engine may have room left.
  for (const name of moving) roomiest(shares, name, (share) => share.count - share.triggers.size)?.triggers.add(name)
  return shares
}

/** Returns the first share with the most room whose engine has the code of a trigger. */
function roomiest(shares: readonly Share[], name: string, roomOf: (share: Share) => number): Share | undefined {
  let found: Share | undefined
  for (const share of shares) {
    if (share.names.has(name) && (found === undefined || roomOf(share) > roomOf(found))) found = share
  }
  return found
}
