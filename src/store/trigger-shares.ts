/**
 * Which triggers an instance polls, where several have their code: an equal share each, and as few moves as that allows. Each instance
 * computes the same from what the database says, so that nobody has to lead. What is to be moved is first given up by its holder, then
 * taken: never are there two.
 */

export interface SharedTrigger {
  readonly name: string
  /** The instance that polls it; null: nobody, or one that is dead. */
  readonly holder: number | null
}

export interface Instance {
  readonly seq: number
  /** Triggers of which it has the code. */
  readonly names: ReadonlySet<string>
}

export interface Moves {
  readonly take: readonly string[]
  /** Held by this one, and the share of another. */
  readonly surplus: readonly string[]
}

/**
 * @param triggers of which anybody has the code, in any order
 * @param instances that live, this one among them
 */
export function movesOf(self: number, triggers: readonly SharedTrigger[], instances: readonly Instance[]): Moves {
  const own = instances.find(({ seq }) => seq === self)
  const wanted = triggers.filter(({ name }) => own?.names.has(name))
  if (instances.length === 1) {
    return { take: wanted.filter(({ holder }) => holder === null).map(({ name }) => name), surplus: [] }
  }
  const shares = sharesOf(triggers, instances)
  const mine = shares.get(self) ?? new Set()
  return {
    take: wanted.filter(({ name, holder }) => holder === null && mine.has(name)).map(({ name }) => name),
    surplus: triggers.filter(({ name, holder }) => holder === self && !mine.has(name)).map(({ name }) => name),
  }
}

/** By instance. First how many each gets, then which: whoever polls one keeps it while it is within its number. */
function sharesOf(
  triggers: readonly SharedTrigger[],
  instances: readonly Instance[],
): ReadonlyMap<number, ReadonlySet<string>> {
  const ordered = [...instances].sort((one, other) => one.seq - other.seq)
  const sorted = [...triggers].sort((one, other) => (one.name < other.name ? -1 : 1))
  const counts = new Map(ordered.map(({ seq }) => [seq, 0]))
  for (const { name } of sorted) {
    const least = leastLoaded(ordered, counts, name)
    if (least !== null) counts.set(least, (counts.get(least) ?? 0) + 1)
  }
  const shares = new Map(ordered.map(({ seq }) => [seq, new Set<string>()]))
  const moving: string[] = []
  for (const { name, holder } of sorted) {
    const kept = holder === null ? undefined : shares.get(holder)
    const hasCode = ordered.some(({ seq, names }) => seq === holder && names.has(name))
    if (kept !== undefined && hasCode && kept.size < (counts.get(holder ?? 0) ?? 0)) kept.add(name)
    else moving.push(name)
  }
  for (const name of moving) roomiest(ordered, counts, shares, name)?.add(name)
  return shares
}

function leastLoaded(instances: readonly Instance[], counts: ReadonlyMap<number, number>, name: string): number | null {
  let least: number | null = null
  for (const { seq, names } of instances) {
    if (!names.has(name)) continue
    if (least === null || (counts.get(seq) ?? 0) < (counts.get(least) ?? 0)) least = seq
  }
  return least
}

/** Of those that have its code, the one that lacks most of its number; where the code differs, none may lack any. */
function roomiest(
  instances: readonly Instance[],
  counts: ReadonlyMap<number, number>,
  shares: ReadonlyMap<number, Set<string>>,
  name: string,
): Set<string> | undefined {
  let found: { readonly share: Set<string>; readonly room: number } | undefined
  for (const { seq, names } of instances) {
    const share = shares.get(seq)
    if (share === undefined || !names.has(name)) continue
    const room = (counts.get(seq) ?? 0) - share.size
    if (found === undefined || room > found.room) found = { share, room }
  }
  return found?.share
}
