/** Requests for the state of a trigger. Its text is not parsed, so that its numbers stay exact. */

import type { StateAnswer } from '../../api/answer-types.ts'
import { read, readText, send, writeText } from '../../api/client.ts'
import { objectMembers } from '../../json/object-members.ts'

export interface StateOnPage extends Omit<StateAnswer, 'state' | 'previousState'> {
  readonly text: string
  /** State before the last change. Null before the first change. */
  readonly previousText: string | null
}

const PATH = '/triggers/{name}/state'

export async function readState(name: string, signal?: AbortSignal): Promise<StateOnPage> {
  return storedState(await readText(PATH, { path: { name }, ...(signal && { signal }) }))
}

interface NewState {
  readonly text: string
  /** Null replaces any version. */
  readonly version: number | null
  readonly note?: string
}

/** Throws a problem with the code `STATE_CHANGED` if another version is stored. */
export async function replaceState(name: string, { text, version, note }: NewState): Promise<void> {
  const rest = [version !== null && `"version":${version}`, note !== undefined && `"note":${JSON.stringify(note)}`]
  const members = [`"state":${text}`, ...rest.filter((member) => member !== false)]
  await writeText(PATH, { path: { name } }, `{${members.join(',')}}`, 'PUT')
}

export async function resetState(name: string, query: { readonly note?: string }): Promise<void> {
  await send(PATH, { path: { name }, query }, { method: 'DELETE' })
}

/** Returns the words for the last change: a poll, or an action with its note. */
export async function changeInWords(name: string, changedBy: string, signal: AbortSignal): Promise<string> {
  if (changedBy === 'poll') return 'by a poll'
  const { items } = await read('/triggers/{name}/actions', { path: { name }, signal })
  const { source, note = null } = items.find(({ id }) => id === changedBy) ?? {}
  const from = source === undefined ? '' : ` (${source})`
  return `by action ${changedBy.slice(0, 8)}${from}${note === null ? '' : `: ${note}`}`
}

function storedState(answer: string): StateOnPage {
  const { state: _, previousState, ...rest } = JSON.parse(answer) as StateAnswer
  const members = objectMembers(answer)
  const previousText = previousState === null ? null : (members?.get('previousState') ?? '{}')
  return { ...rest, text: members?.get('state') ?? '{}', previousText }
}
