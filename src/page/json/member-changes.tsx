/** Changes between two JSON objects, as a list of their members. */

import type { MemberChange } from './object-members.ts'

const SHOWN_CHARACTERS = 2_000

interface MemberChangesProps {
  readonly changes: readonly MemberChange[]
  /** Text for objects without a difference. */
  readonly same: string
}

export function MemberChanges({ changes, same: whenSame }: MemberChangesProps) {
  const same = changes.filter(({ kind }) => kind === 'same')
  const others = changes.filter(({ kind }) => kind !== 'same')
  return (
    <>
      {others.length === 0 && <p class="faint">{whenSame}</p>}
      {others.length > 0 && <ChangeList changes={others} />}
      {same.length > 0 && (
        <details>
          <summary>
            {same.length} {same.length === 1 ? 'key' : 'keys'} unchanged
          </summary>
          <ChangeList changes={same} />
        </details>
      )}
    </>
  )
}

const SIGNS: Readonly<Record<MemberChange['kind'], string>> = { added: '+', changed: '~', removed: '−', same: '' }

function ChangeList({ changes }: { readonly changes: readonly MemberChange[] }) {
  return (
    <dl class="changes">
      {changes.map(({ key, kind, before, after }) => (
        <div key={key} class={`change ${kind}`}>
          <dt>
            <span class="sign" title={kind}>
              {SIGNS[kind]}
            </span>
            <span>{key}</span>
          </dt>
          {kind === 'changed' || kind === 'removed' ? <dd class="before">{cut(before ?? '')}</dd> : null}
          {kind !== 'removed' ? <dd class="after">{cut(after ?? '')}</dd> : null}
        </div>
      ))}
    </dl>
  )
}

function cut(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text
  return `${text.slice(0, SHOWN_CHARACTERS)} … (${text.length.toLocaleString('en')} characters)`
}
