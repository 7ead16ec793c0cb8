/** The input or the context of an execution as indented text. The choice is in the URL (`show`). */

import type { Execution } from '../api/answer-types.ts'
import { readText } from '../api/client.ts'
import { CopyButton } from '../fields/copy-button.tsx'
import { indentedJson } from '../json/indented-json.ts'
import { useKeys } from '../keyboard/keys.ts'
import { useResource } from '../live/resource.ts'
import { formatBytes } from '../parts/bytes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { RawLink } from '../parts/raw-link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'

/** Maximum size of a text that is shown. A larger one would block the page while it is laid out. */
const SHOWN_BYTES = 128 * 1_024

const NAMES = ['input', 'context'] as const

type Name = (typeof NAMES)[number]

/** Buttons that open the texts. */
export function StoredTextButtons({ execution }: { readonly execution: Execution }) {
  const shown = shownName()
  return (
    <>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          class="link"
          aria-expanded={shown === name}
          onClick={() => setQuery({ show: shown === name ? null : name })}
        >
          {name} <span class="faint">{formatBytes(bytesOf(execution, name))}</span>
        </button>
      ))}
    </>
  )
}

export function StoredText({ execution }: { readonly execution: Execution }) {
  const name = shownName()
  useKeys([
    { key: 'i', does: 'show the input of the execution', press: () => toggle('input') },
    { key: 'o', does: 'show the context of the execution', press: () => toggle('context') },
  ])
  if (name === null) return null
  const bytes = bytesOf(execution, name)
  const path = `${addressFor('executions', execution.id)}/${name}`
  return (
    <section class="stored-text" aria-label={title(name)}>
      {bytes > SHOWN_BYTES ? (
        <>
          <Head name={name} path={path} bytes={bytes} text={null} />
          <p class="faint">Too large to show here. Download it with the link above.</p>
        </>
      ) : (
        // The context of an execution changes when it ends.
        <Text key={`${name} ${execution.endedAt}`} id={execution.id} name={name} path={path} bytes={bytes} />
      )}
    </section>
  )
}

interface TextProps {
  readonly name: Name
  readonly path: string
  readonly bytes: number
}

function Text({ id, ...props }: TextProps & { readonly id: string }) {
  const { name } = props
  const text = useResource(`${name} of ${id}`, {
    load: (signal) => readText(`/executions/{id}/${name}`, { path: { id }, signal }),
    concerns: () => false,
  })
  return (
    <>
      <Head {...props} text={text.value.value} />
      <Loaded resource={text} what={`the ${name}`}>
        {(json) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: visitors without a mouse scroll it
          <pre tabIndex={0}>{indentedJson(json)}</pre>
        )}
      </Loaded>
    </>
  )
}

function Head({ name, path, bytes, text }: TextProps & { readonly text: string | null }) {
  return (
    <div class="section-head">
      <h2>{title(name)}</h2>
      <span class="links">
        {text !== null && <CopyButton what={`the ${name}`} text={() => text} />}
        <RawLink path={path} name="open the exact text" bytes={bytes} />
      </span>
      <button type="button" class="quiet" aria-label={`Close the ${name}`} onClick={() => setQuery({ show: null })}>
        ×
      </button>
    </div>
  )
}

function shownName(): Name | null {
  return NAMES.find((name) => name === query.value.get('show')) ?? null
}

function toggle(name: Name): void {
  setQuery({ show: shownName() === name ? null : name })
}

function title(name: Name): string {
  return name === 'input' ? 'Input' : 'Context'
}

function bytesOf({ inputBytes, contextBytes }: Execution, name: Name): number {
  return name === 'input' ? inputBytes : contextBytes
}
