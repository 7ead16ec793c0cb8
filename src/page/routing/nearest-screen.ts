/** Finds the screen whose address is most similar to a mistyped one. */

interface Candidate {
  readonly to: string
  readonly title: string
}

/** More than this share of different characters is not a mistake in typing. */
const MAX_DIFFERENT = 0.4

/** Compares the first part of a path, without regard to case. Returns null if no screen is similar. */
export function nearestScreen<Screen extends Candidate>(path: string, screens: readonly Screen[]): Screen | null {
  const typed =
    path
      .toLowerCase()
      .split('/')
      .find((part) => part !== '' && !/^(api|v\d+)$/.test(part)) ?? ''
  if (typed === '') return null
  const ranked = screens
    .map((screen) => ({ screen, distance: distanceBetween(typed.slice(0, 40), screen.to.slice(1)) }))
    .sort((one, other) => one.distance - other.distance)
  const [best] = ranked
  if (best === undefined || best.distance > MAX_DIFFERENT * Math.max(typed.length, best.screen.to.length - 1))
    return null
  return best.screen
}

/** Returns the number of letters to insert, remove or replace (Levenshtein). */
function distanceBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
