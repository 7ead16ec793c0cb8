/** Asks the HTTP interface. Everything that the page reads or does goes through here; what fails is a `Problem`. */

import { API } from './addresses.ts'
import type { Reads, Writes } from './answers.ts'
import { noteEngineTime } from './engine-time.ts'
import { problemOf, unreachable } from './problem.ts'
import { authorization, isTokenNeeded } from './token.ts'

/** `{name}` of an address, and what its query has. Undefined is left out. */
export interface Where {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly signal?: AbortSignal
}

export async function read<Path extends keyof Reads>(path: Path, where: Where = {}): Promise<Reads[Path]> {
  const response = await send(path, where, {})
  return (await response.json()) as Reads[Path]
}

/** What is kept to the letter: a context, which `JSON.parse` would change. */
export async function readText(path: string, where: Where = {}): Promise<string> {
  return await (await send(path, where, {})).text()
}

export async function write<Path extends keyof Writes>(
  path: Path,
  where: Where,
  body: Writes[Path]['body'],
): Promise<Writes[Path]['answer']> {
  return (await writeText(path, where, JSON.stringify(body))) as Writes[Path]['answer']
}

/** The same with a body to the letter; null for none. */
export async function writeText(path: string, where: Where, body: string | null): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await send(path, where, { method: 'POST', headers, body: body ?? '' })
  return await response.json()
}

/** The answer, where it is a success. */
export async function send(path: string, where: Where, init: RequestInit): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization() }
  const request = { ...init, headers, ...(where.signal && { signal: where.signal }) }
  const response = await fetch(addressOf(path, where), request).catch((thrown: unknown) => {
    if (where.signal?.aborted) throw thrown
    throw unreachable()
  })
  noteEngineTime(response.headers.get('date'))
  if (response.ok) return response
  const problem = await problemOf(response)
  if (problem.code === 'TOKEN_REFUSED') isTokenNeeded.value = true
  throw problem
}

export function addressOf(path: string, { path: parts = {}, query = {} }: Where): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''))
  const pairs = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined)
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
  return `${API}${filled}${search === '' ? '' : `?${search}`}`
}
