/** Sends requests to the HTTP interface. All requests of the page go through here; errors are `Problem`s. */

import { API } from './addresses.ts'
import type { ReadResponses, WriteResponses } from './answer-types.ts'
import { noteEngineTime } from './engine-time.ts'
import { readProblem, unreachable } from './problem.ts'
import { authorization, isTokenNeeded } from './token.ts'

/** Values for each `{name}` of an address, and its query. Undefined values are left out. */
export interface AddressValues {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly signal?: AbortSignal
}

export async function read<Path extends keyof ReadResponses>(
  path: Path,
  where: AddressValues = {},
): Promise<ReadResponses[Path]> {
  const response = await send(path, where, {})
  return (await response.json()) as ReadResponses[Path]
}

/** Reads an answer as unchanged text: `JSON.parse` would change a context. */
export async function readText(path: string, where: AddressValues = {}): Promise<string> {
  return await (await send(path, where, {})).text()
}

export async function write<Path extends keyof WriteResponses>(
  path: Path,
  where: AddressValues,
  body: WriteResponses[Path]['body'],
): Promise<WriteResponses[Path]['answer']> {
  return (await writeText(path, where, JSON.stringify(body))) as WriteResponses[Path]['answer']
}

/** Writes a body as unchanged text; null for no body. */
export async function writeText(
  path: string,
  where: AddressValues,
  body: string | null,
  method: 'POST' | 'PUT' = 'POST',
): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await send(path, where, { method, headers, body: body ?? '' })
  return await response.json()
}

/** Sends a request. Throws a `Problem` unless it succeeds. */
export async function send(path: string, where: AddressValues, init: RequestInit): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization() }
  const request = { ...init, headers, ...(where.signal && { signal: where.signal }) }
  const response = await fetch(addressOf(path, where), request).catch((thrown: unknown) => {
    if (where.signal?.aborted) throw thrown
    throw unreachable()
  })
  noteEngineTime(response.headers.get('date'))
  if (response.ok) return response
  const problem = await readProblem(response)
  if (problem.code === 'TOKEN_REFUSED') isTokenNeeded.value = true
  throw problem
}

function addressOf(path: string, { path: parts = {}, query = {} }: AddressValues): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? ''))
  const pairs = Object.entries(query).filter((pair): pair is [string, string | number] => pair[1] !== undefined)
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString()
  return `${API}${filled}${search === '' ? '' : `?${search}`}`
}
