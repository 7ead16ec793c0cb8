/**
 * Form that answers an approval. The engine checks the values, so its errors appear next to the fields, and the first
 * wrong field gets the focus.
 */

import { useMemo, useState } from 'preact/hooks'
import type { Approval } from '../api/answer-types.ts'
import { writeText } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { JsonField, jsonProblem } from '../fields/json-field.tsx'
import { useNote } from '../fields/note.tsx'
import { formParts } from '../forms/form-parts.ts'
import { problemsByField } from '../forms/form-problems.ts'
import { formValues } from '../forms/form-texts.ts'
import { SchemaForm } from '../forms/schema-form.tsx'
import { useProblems } from '../forms/use-problems.ts'
import { showProblem, showToast } from '../overlays/toasts.tsx'

interface ApprovalFormProps {
  readonly approval: Approval
  onDone(): void
}

const NONE: ReadonlyMap<string, string> = new Map()

export function ApprovalForm({ approval: { id, title, form }, onDone }: ApprovalFormProps) {
  // The approval is read again while the visitor writes. Its form never changes.
  const parts = useMemo(() => (form === null ? [] : formParts(form)), [id])
  const [texts, setTexts] = useState(NONE)
  const [json, setJson] = useState('')
  const [isBusy, setBusy] = useState(false)
  const { problems, element, refuse, forget } = useProblems()
  const note = useNote({ label: 'Note (optional)' })

  const answer = async (verb: 'approve' | 'reject', valuesText: string | null): Promise<void> => {
    setBusy(true)
    try {
      await writeText(`/approvals/{id}/${verb}`, { path: { id } }, answerBody(note.part, valuesText))
      showToast(verb === 'approve' ? `"${title}" approved` : `"${title}" rejected`)
    } catch (thrown) {
      const { code, problems: wrong } = asProblem(thrown)
      if (code === 'INVALID_VALUES') refuse(problemsByField(wrong, parts))
      else showProblem(`Could not ${verb} "${title}"`, thrown)
    } finally {
      setBusy(false)
      onDone()
    }
  }
  const approve = (event: Event): void => {
    event.preventDefault()
    const values = parts === null ? { json: json.trim() || '{}', problems: NONE } : formValues(parts, texts)
    refuse(values.problems)
    if (values.problems.size === 0) void answer('approve', values.json)
  }
  const change = (pointer: string, text: string): void => {
    setTexts(new Map([...texts, [pointer, text]]))
    forget(pointer)
  }
  const general = problems.get('')
  return (
    <form class="approval-form" aria-label="Answer" noValidate ref={element} onSubmit={approve}>
      {parts === null ? (
        <JsonField label="Values (JSON, sent unchanged)" text={json} onText={setJson} />
      ) : (
        <SchemaForm parts={parts} texts={texts} problems={problems} onText={change} />
      )}
      {note.field}
      {general !== undefined && (
        <p class="problem-words" role="alert">
          {general}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy || (parts === null && jsonProblem(json) !== null)}>
          Approve
        </button>
        <button type="button" class="danger" disabled={isBusy} onClick={() => void answer('reject', null)}>
          Reject
        </button>
      </div>
    </form>
  )
}

/** Returns the body of a request. The text of the values is a part of it, because parsing would change numbers. */
function answerBody(note: object, valuesText: string | null): string {
  if (valuesText === null) return JSON.stringify(note)
  const rest = JSON.stringify(note).slice(1)
  return `{"values":${valuesText}${rest === '}' ? '' : ','}${rest}`
}
