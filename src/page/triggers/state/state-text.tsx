/** A state as indented JSON, which scrolls if it is long. */

import { indentedJson } from '../../json/indented-json.ts'

export function StateText({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the browser scrolls it with arrow keys
    <section class="state-text" aria-label={label} tabIndex={0}>
      <pre>{indentedJson(text)}</pre>
    </section>
  )
}
