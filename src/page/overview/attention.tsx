/** Problems that need attention, the most urgent first. The first ones are shown, and all of them on request. */

import type { Attention, AttentionItem } from '../api/answer-types.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { query, setQuery } from '../routing/location.ts'
import { KIND_WORDS, type ProblemKind, shownCause, shownRepeats, shownSubject } from './problem-words.ts'

const SHOWN = 8

export function AttentionList({ attention: { items, counts } }: { readonly attention: Attention }) {
  if (items.length === 0) return <p class="all-well">Nothing needs attention.</p>
  const isWhole = query.value.get('problems') === 'all' || items.length <= SHOWN + 1
  const shown = isWhole ? items : items.slice(0, SHOWN)
  return (
    <>
      <ul class="list attention">
        {shown.map((item) => (
          <ProblemRow key={keyOf(item)} item={item} />
        ))}
      </ul>
      <p class="attention-more">
        {isWhole ? (
          <Unlisted items={items} counts={counts} />
        ) : (
          <button type="button" onClick={() => setQuery({ problems: 'all' })}>
            Show all {items.length}
          </button>
        )}
      </p>
    </>
  )
}

function keyOf({ kind, subject, executionId }: AttentionItem): string {
  return `${kind} ${subject} ${executionId ?? ''}`
}

function ProblemRow({ item }: { readonly item: AttentionItem }) {
  const { kind, at, isOver } = item
  const { badge, tone, address } = KIND_WORDS[kind]
  const cause = withoutAnsi(shownCause(item))
  const repeats = shownRepeats(item)
  return (
    <li class="problem" data-row={`problem ${keyOf(item)}`}>
      <span class="problem-kind">
        <span class={`state ${isOver ? 'quiet' : tone}`}>{badge}</span>
      </span>
      <Link to={address(item)} class="problem-subject ellipsis" title={shownSubject(item)}>
        {shownSubject(item)}
      </Link>
      <span class="problem-cause ellipsis faint" title={cause}>
        {isOver && <span class="good-ink">completed since · </span>}
        {cause}
      </span>
      <span class="problem-at small faint">
        {repeats !== null && <span>{repeats}, last </span>}
        {at !== null && <Time at={at} />}
      </span>
    </li>
  )
}

/** Links to the lists of kinds with more problems than the answer has. */
function Unlisted({ items, counts }: Attention) {
  const listed = Map.groupBy(items, ({ kind }) => kind)
  const kinds = (Object.keys(counts) as ProblemKind[]).filter(
    (kind) => (counts[kind] ?? 0) > (listed.get(kind)?.length ?? 0),
  )
  return (
    <>
      {kinds.map((kind) => {
        const { badge, all } = KIND_WORDS[kind]
        const text = `${(counts[kind] ?? 0).toLocaleString('en')} in all: ${badge}`
        return <span key={kind}>{all === null ? text : <Link to={all}>{text}</Link>}</span>
      })}
    </>
  )
}
