/** A link to a stored context of any size, which opens outside of the page. */

import { API } from '../api/addresses.ts'
import { send } from '../api/client.ts'
import { authorization } from '../api/token.ts'
import { attemptAction } from '../overlays/toasts.tsx'
import { formatBytes } from './bytes.ts'

interface RawLinkProps {
  /** Below `/api/v1`, encoded. */
  readonly path: string
  readonly name: string
  /** Null if there is no context. */
  readonly bytes: number | null
}

export function RawLink({ path, name, bytes }: RawLinkProps) {
  if (bytes === null) return <span class="faint">no {name}</span>
  // A link cannot send a token, so the context is fetched and saved.
  const save = (event: MouseEvent): void => {
    if (Object.keys(authorization()).length === 0) return
    event.preventDefault()
    void attemptAction(`Could not load the ${name}`, async () => {
      const blob = await (await send(path, {}, {})).blob()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(blob)
      link.download = `${name}.json`
      link.click()
      URL.revokeObjectURL(link.href)
    })
  }
  return (
    <a href={`${API}${path}`} target="_blank" rel="noreferrer" onClick={save}>
      {name} <span class="faint">{formatBytes(bytes)}</span>
    </a>
  )
}
