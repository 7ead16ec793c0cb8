/** Instants of rows as JSON has them. */

import { formatInstant } from '../../model/time/instant.ts'

export function instant(at: number | null): string | null {
  return at === null ? null : formatInstant(at)
}
