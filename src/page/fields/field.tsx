/** A control with its label, and a check box with its label. */

import type { ComponentChildren } from 'preact'

interface FieldProps {
  readonly label: ComponentChildren
  /** Error in the value, or an empty text. Undefined for a field that accepts every value. */
  readonly error?: string
  readonly children: ComponentChildren
}

export function Field({ label, error, children }: FieldProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label>
      <span>{label}</span>
      {children}
      {error !== undefined && (
        <span class="small bad" role="status">
          {error}
        </span>
      )}
    </label>
  )
}

interface CheckProps {
  readonly isOn: boolean
  /** Name of a group in which the visitor chooses one box. A box without a group is independent. */
  readonly group?: string
  readonly children: ComponentChildren
  onChange(isOn: boolean): void
}

export function Check({ isOn, group, children, onChange }: CheckProps) {
  return (
    <label class="check">
      <input
        type={group === undefined ? 'checkbox' : 'radio'}
        name={group}
        checked={isOn}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      {children}
    </label>
  )
}
