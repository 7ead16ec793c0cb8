/**
 * Starts a workflow with an input that the visitor fills in, and opens the execution. The form is made from the schema
 * of the input; without a schema, or on request, the input is written as JSON. The engine checks the input, and stores
 * nothing if a value is wrong.
 */

import { useEffect, useMemo, useState } from 'preact/hooks'
import { writeText } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { jsonProblem } from '../fields/json-field.tsx'
import { filledTexts } from '../forms/form-fill.ts'
import { type FormPart, type FormSchema, formParts } from '../forms/form-parts.ts'
import { problemsByField } from '../forms/form-problems.ts'
import { type FormTexts, formValues } from '../forms/form-texts.ts'
import { SchemaForm } from '../forms/schema-form.tsx'
import { useProblems } from '../forms/use-problems.ts'
import { Dialog } from '../overlays/dialog.tsx'
import { showProblem } from '../overlays/toasts.tsx'
import { addressFor, goTo } from '../routing/location.ts'
import { InputText } from './input-text.tsx'
import { LastInput } from './last-input.tsx'

interface RunDialogProps {
  readonly workflow: string
  readonly title: string
  /** JSON Schema of the input; undefined if there is none. */
  readonly schema: FormSchema | undefined
  /** Input of another execution, as JSON, or `{}`. */
  readonly text: string
  readonly hint?: string
  onClose(): void
}

const NO_TEXTS: FormTexts = new Map()
const NONE: ReadonlyMap<string, string> = new Map()

export function RunDialog({ workflow, title, schema, text, hint, onClose }: RunDialogProps) {
  const input = useInput(schema, text)
  const { parts, isForm } = input
  const fields = useProblems()
  const [isBusy, setBusy] = useState(false)
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    const values = input.values()
    fields.refuse(values.problems)
    if (values.problems.size > 0) return
    setBusy(true)
    try {
      const where = { path: { name: workflow } }
      const { id } = (await writeText('/workflows/{name}/executions', where, values.json)) as { readonly id: string }
      onClose()
      goTo(addressFor('executions', id))
    } catch (thrown) {
      const { code, problems: wrong } = asProblem(thrown)
      if (code === 'INVALID_CONTEXT' && wrong.length > 0) fields.refuse(problemsByField(wrong, isForm ? parts : null))
      else showProblem(`Could not start "${workflow}"`, thrown)
      setBusy(false)
    }
  }
  const isBlocked = isBusy || (!isForm && jsonProblem(input.json, true) !== null)
  return (
    <Dialog title={title} isWide onClose={onClose}>
      <form class="run-form" aria-label="Input" noValidate ref={fields.element} onSubmit={(event) => void start(event)}>
        <div class="run-tools">
          <LastInput workflow={workflow} onText={input.fill} />
          {parts.length > 0 && (
            <button type="button" class="quiet small" onClick={isForm ? input.toJson : input.toForm}>
              {isForm ? 'Write JSON' : 'Use the form'}
            </button>
          )}
        </div>
        <InputFields input={input} fields={fields} hint={hint} />
        <div class="actions">
          <button type="submit" class="primary" disabled={isBlocked}>
            Start
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface InputFieldsProps {
  readonly input: ReturnType<typeof useInput>
  readonly fields: ReturnType<typeof useProblems>
  readonly hint: string | undefined
}

function InputFields({ input, fields: { problems, forget }, hint }: InputFieldsProps) {
  const { parts, isForm, texts, json, notice } = input
  const general = problems.get('')
  const change = (pointer: string, text: string): void => {
    input.setText(pointer, text)
    forget(pointer)
  }
  return (
    <>
      {notice !== null && (
        <p class="faint" role="status">
          {notice}
        </p>
      )}
      {isForm ? (
        <SchemaForm parts={parts} texts={texts} problems={problems} onText={change} />
      ) : (
        <InputText hint={hint} text={json} onText={input.setJson} />
      )}
      {general !== undefined && (
        <p class="problem-words" role="alert">
          {general}
        </p>
      )}
    </>
  )
}

const UNFIT = 'The form cannot show all values of this input, so it is shown as JSON.'

/** Input as texts of the form, or as JSON. The visitor changes one of them. */
function useInput(schema: FormSchema | undefined, given: string) {
  const parts = useMemo<readonly FormPart[]>(() => (schema === undefined ? [] : (formParts(schema) ?? [])), [schema])
  const [texts, setTexts] = useState(NO_TEXTS)
  const [json, setJson] = useState(given)
  const [isForm, setForm] = useState(false)
  const [notice, setNotice] = useState<string | null>(null)
  const fill = (text: string): void => {
    const filled = isEmptyObject(text) ? NO_TEXTS : filledTexts(parts, text)
    const fits = parts.length > 0 && filled !== null
    setForm(fits)
    setNotice(parts.length > 0 && !fits ? UNFIT : null)
    if (fits) setTexts(filled)
    setJson(text)
  }
  useEffect(() => fill(given), [given, parts])
  return {
    ...{ parts, texts, json, isForm, notice, fill, setJson },
    /** Returns the input as JSON, and the errors by JSON pointer. */
    values: () => (isForm ? formValues(parts, texts) : { json, problems: NONE }),
    setText: (pointer: string, text: string) => setTexts(new Map([...texts, [pointer, text]])),
    toForm: () => fill(json),
    toJson: () => {
      setJson(formValues(parts, texts).json)
      setForm(false)
      setNotice(null)
    },
  }
}

/** The empty input shows the defaults of the schema. */
function isEmptyObject(text: string): boolean {
  return /^\s*\{\s*\}\s*$/.test(text)
}
