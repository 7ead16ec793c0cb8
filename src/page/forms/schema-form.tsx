/** Fields of a JSON Schema. Screen readers announce the description and the error of a field with the field. */

import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { FormField, FormPart } from './form-parts.ts'
import { type FormTexts, textIn } from './form-texts.ts'

interface FormProps {
  readonly texts: FormTexts
  /** Errors by JSON pointer. */
  readonly problems: ReadonlyMap<string, string>
  onText(pointer: string, text: string): void
}

export function SchemaForm({ parts, ...form }: FormProps & { readonly parts: readonly FormPart[] }) {
  return (
    <>
      {parts.map((part) =>
        part.kind === 'field' ? (
          <SchemaField key={part.pointer} field={part} {...form} />
        ) : (
          <fieldset key={part.pointer} class="form-group">
            <legend>
              {part.label}
              {!part.isRequired && <span class="faint"> (optional)</span>}
            </legend>
            {part.hint !== '' && <p class="small faint">{part.hint}</p>}
            <SchemaForm parts={part.parts} {...form} />
          </fieldset>
        ),
      )}
    </>
  )
}

function SchemaField({ field, texts, problems, onText }: FormProps & { readonly field: FormField }) {
  const id = useId()
  const { pointer, label, hint, isRequired, input } = field
  const problem = problems.get(pointer)
  const describedBy = [hint === '' ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-problem`]
  const control = {
    id,
    'aria-describedby': describedBy.join(' ').trim() || undefined,
    'aria-invalid': problem !== undefined,
    'aria-required': isRequired && input.kind !== 'flag',
  }
  const rest = (
    <>
      {hint !== '' && (
        <span id={`${id}-hint`} class="small faint">
          {hint}
        </span>
      )}
      {problem !== undefined && (
        <span id={`${id}-problem`} class="small bad-ink">
          {problem}
        </span>
      )}
    </>
  )
  const change = (text: string): void => onText(pointer, text)
  const text = textIn(field, texts)
  if (input.kind === 'flag') return <Flag control={control} label={label} text={text} onText={change} rest={rest} />
  return (
    <div class="form-field">
      <label for={id}>
        {label}
        {!isRequired && <span class="faint"> (optional)</span>}
      </label>
      <Control control={control} field={field} text={text} onText={change} />
      {rest}
    </div>
  )
}

interface ControlProps {
  /** Attributes of the control. */
  readonly control: { readonly id: string }
  readonly text: string
  onText(text: string): void
}

interface FlagProps extends ControlProps {
  readonly label: string
  readonly rest: ComponentChildren
}

function Flag({ control, label, text, onText, rest }: FlagProps) {
  return (
    <div class="form-field">
      <label class="check" for={control.id}>
        <input
          {...control}
          type="checkbox"
          checked={text === 'true'}
          onChange={({ currentTarget }) => onText(String(currentTarget.checked))}
        />
        {label}
      </label>
      {rest}
    </div>
  )
}

function Control({
  control,
  field: { input, isRequired },
  text,
  onText,
}: ControlProps & { readonly field: FormField }) {
  if (input.kind === 'choice') {
    return (
      <select {...control} value={text} onChange={({ currentTarget }) => onText(currentTarget.value)}>
        <option value="">{isRequired ? 'Choose …' : ''}</option>
        {input.choices.map(({ label, json }) => (
          <option key={json} value={json}>
            {label}
          </option>
        ))}
      </select>
    )
  }
  const shared = {
    ...control,
    value: text,
    onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => onText(currentTarget.value),
  }
  if (input.kind === 'json') return <textarea {...shared} rows={4} spellcheck={false} placeholder="JSON" />
  if (input.kind === 'number')
    return <input {...shared} type="text" inputMode={input.isWhole ? 'numeric' : 'decimal'} />
  if (input.kind === 'flag') return null
  if (input.isLong) return <textarea {...shared} rows={4} />
  return input.type === 'date' ? <input {...shared} type="date" /> : <input {...shared} type="text" />
}
