/** A button that copies a text. Pages without TLS have no clipboard, so a selection is copied there. */

import { showProblem, showToast } from '../overlays/toasts.tsx'

interface CopyButtonProps {
  /** `the log`, in notices. */
  readonly what: string
  text(): string
}

export function CopyButton({ what, text }: CopyButtonProps) {
  const copy = async (): Promise<void> => {
    try {
      await copyText(text())
      showToast(`Copied ${what}`)
    } catch (thrown) {
      showProblem(`Could not copy ${what}`, thrown)
    }
  }
  return (
    <button type="button" class="quiet small" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      Copy
    </button>
  )
}

async function copyText(text: string): Promise<void> {
  // The type says that it always exists.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard !== undefined) return await clipboard.writeText(text)
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  const isCopied = document.execCommand('copy')
  field.remove()
  // Uncoded: the notice names the action
  if (!isCopied) throw new Error('The browser does not allow it. Download the text instead.')
}
