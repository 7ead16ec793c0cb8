/** Reads older rows of a list. Shows nothing if all rows were read. */

import type { PagedRows } from '../live/paged-rows.ts'
import { attemptAction } from '../overlays/toasts.tsx'

interface OlderButtonProps {
  readonly list: Pick<PagedRows<{ readonly id: string }>, 'cursor' | 'loadOlder'>
  /** `actions`, in the text of the button. */
  readonly what: string
}

export function OlderButton({ list, what }: OlderButtonProps) {
  if (list.cursor.value === null) return null
  return (
    <p class="older">
      <button type="button" onClick={() => void attemptAction(`Could not load older ${what}`, () => list.loadOlder())}>
        Show older {what}
      </button>
    </p>
  )
}
