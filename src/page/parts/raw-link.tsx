/** A link to a context as it is stored, of whatever size: it is opened beside the page, and not read by it. */

import { API } from '../api/addresses.ts'
import { send } from '../api/client.ts'
import { authorization } from '../api/token.ts'
import { shownBytes } from './bytes.ts'
import { attempt } from './toasts.tsx'

interface RawLinkProps {
  /** Below `/api/v1`, encoded. */
  readonly path: string
  readonly name: string
  /** Null: there is none. */
  readonly bytes: number | null
}

export function RawLink({ path, name, bytes }: RawLinkProps) {
  if (bytes === null) return <span class="faint">no {name}</span>
  // A link cannot send a token: then it is fetched, and saved.
  const save = (event: MouseEvent): void => {
    if (Object.keys(authorization()).length === 0) return
    event.preventDefault()
    void attempt(`Could not load the ${name}`, async () => {
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
      {name} <span class="faint">{shownBytes(bytes)}</span>
    </a>
  )
}
