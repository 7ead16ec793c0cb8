/** Decides how a reactor fires when values are delivered to it. */

import type { ReactionMode } from './definitions.ts'
import type { FiringCause, ValueText } from './graph-model-rows.ts'
import type { NewValue } from './stream-events.ts'

/** State of one source of a reactor. */
export interface InputState {
  readonly source: string
  /** Newest value, or null if there is none. */
  readonly valueText: ValueText | null
  readonly valueAt: number | null
  /** Sequence of the last event that the value comes from. */
  readonly sequence: number | null
  /** Sequence of the first event that was delivered since the last firing, or null if none was. */
  readonly dirtyFrom: number | null
}

export interface ReactorState {
  readonly mode: ReactionMode
  /** In the order of the payload. */
  readonly inputs: readonly InputState[]
  readonly lastSequence: number
}

export interface NewFiring {
  readonly sequence: number
  readonly payloadText: ValueText
  readonly causes: readonly FiringCause[]
}

interface Reaction {
  readonly inputs: readonly InputState[]
  readonly firings: readonly NewFiring[]
}

/**
 * Gives a reactor the values of one of its sources, one after the other. With `when_any`, each value is one firing,
 * whether the other sources have a value or not. With `when_all`, the reactor fires when all its sources have delivered
 * values since its last firing.
 */
export function reactToValues(state: ReactorState, source: string, values: readonly NewValue[], at: number): Reaction {
  const inputs = [...state.inputs]
  const index = inputs.findIndex((input) => input.source === source)
  const last = values.at(-1)
  if (index < 0 || last === undefined) return { inputs, firings: [] }
  const [before, after] = payloadAround(inputs, index)
  const firings: NewFiring[] = []
  // Until it fires, only the marks of this source change. A firing clears the marks of all sources.
  let waitingFor =
    state.mode === 'when_all' ? inputs.filter(({ dirtyFrom }, at) => at !== index && dirtyFrom === null).length : 0
  let othersDirty = inputs.some(({ dirtyFrom }, at) => at !== index && dirtyFrom !== null)
  let dirtyFrom = inputs[index]?.dirtyFrom ?? null
  for (const value of values) {
    dirtyFrom ??= value.firstSequence
    if (waitingFor > 0) continue
    const own = { source, firstSequence: dirtyFrom, lastSequence: value.lastSequence }
    const causes = othersDirty ? dirtyCauses(inputs, index, own) : [own]
    const sequence = state.lastSequence + firings.length + 1
    firings.push({ sequence, payloadText: before + value.valueText + after, causes })
    dirtyFrom = null
    if (othersDirty) clear(inputs)
    othersDirty = false
    if (state.mode === 'when_all') waitingFor = inputs.length - 1
  }
  inputs[index] = { source, valueText: last.valueText, valueAt: at, sequence: last.lastSequence, dirtyFrom }
  return { inputs, firings }
}

/** Returns a JSON object of the newest values by source, or null. `laidOver`: values that replace some of them. */
export function firingPayload(inputs: readonly InputState[], laidOver: ReadonlyMap<string, ValueText>): ValueText {
  return `{${inputs.map((input) => member(input, laidOver.get(input.source))).join(',')}}`
}

/** Returns the payload without one value. */
function payloadAround(inputs: readonly InputState[], index: number): readonly [before: string, after: string] {
  const members = inputs.map((input, at) => (at === index ? `${JSON.stringify(input.source)}:` : member(input)))
  const before = `{${members.slice(0, index + 1).join(',')}`
  const after = members.slice(index + 1).map((text) => `,${text}`)
  return [before, `${after.join('')}}`]
}

function member({ source, valueText }: InputState, laidOver?: ValueText): string {
  return `${JSON.stringify(source)}:${laidOver ?? valueText ?? 'null'}`
}

/** Returns the causes in the order of the reactor. */
function dirtyCauses(inputs: readonly InputState[], index: number, own: FiringCause): readonly FiringCause[] {
  return inputs.flatMap(({ source, sequence, dirtyFrom }, at) => {
    if (at === index) return own
    return dirtyFrom === null ? [] : { source, firstSequence: dirtyFrom, lastSequence: sequence ?? dirtyFrom }
  })
}

function clear(inputs: InputState[]): void {
  for (const [at, input] of inputs.entries()) inputs[at] = { ...input, dirtyFrom: null }
}
