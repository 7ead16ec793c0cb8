/** Finds the name that the user probably meant, for messages about unknown names. Pure. */

import { distance } from 'fastest-levenshtein'

/** Longer names are not corrected: comparing two with 100,000 letters takes 15 seconds. */
const MAX_CORRECTED_LENGTH = 200

/** Maximum number of stored names that the search for a misspelling reads: the newest. */
export const MAX_COMPARED_NAMES = 10_000

/** Returns the closest known name if it may be the intended one, else null. The first wins a tie. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  if (name.length > MAX_CORRECTED_LENGTH) return null
  let nearest: string | null = null
  let nearestDistance = Math.floor(name.length / 3) + 2
  const folded = name.toLowerCase()
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= nearestDistance) continue
    const edits = distance(folded, candidate.toLowerCase())
    if (edits < nearestDistance && edits < Math.max(name.length, candidate.length)) {
      nearest = candidate
      nearestDistance = edits
    }
  }
  return nearest
}

/** Returns ` Did you mean "x"?`, or ''. Appended to a message that ends in a full stop. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : ` Did you mean "${nearest}"?`
}
