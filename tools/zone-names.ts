/**
 * Writes `src/engine/cron/zone-names.ts` from the list of zones in the tzdata wheel in `python/cloaca/_vendor`. Run it
 * after an update of that wheel. A test compares the two.
 *
 *     node tools/zone-names.ts
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateRawSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VENDOR = join(ROOT, 'python', 'cloaca', '_vendor')
const LIST = 'tzdata/zones'
export const ZONE_NAMES_FILE = join(ROOT, 'src', 'engine', 'cron', 'zone-names.ts')

const LINE_WIDTH = 120

/** Returns the text that the file must have. */
export function zoneNamesSource(): string {
  const wheel = readdirSync(VENDOR).find((name) => name.startsWith('tzdata-') && name.endsWith('.whl'))
  if (wheel === undefined) throw new Error(`no tzdata wheel in ${VENDOR}`)
  const version = basename(wheel).split('-')[1]
  const names = memberOf(readFileSync(join(VENDOR, wheel)), LIST)
    .toString()
    .trim()
    .split('\n')
  return `/**
 * Every name in the IANA time zone database, zones and links, in their exact case. Made by \`tools/zone-names.ts\` from
 * tzdata ${version}, which Python's \`zoneinfo\` has here as well. Used by \`zones.ts\`.
 */

export const ZONE_NAMES: ReadonlySet<string> = new Set(
  \`
${wrapped(names.sort()).join('\n')}
\`
    .trim()
    .split(/\\s+/),
)
`
}

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > LINE_WIDTH) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

/** Returns one file of a zip archive, found through the directory at the end of the archive. */
function memberOf(archive: Buffer, name: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'))
  let at = archive.readUInt32LE(end + 16)
  while (archive.toString('latin1', at, at + 4) === 'PK\x01\x02') {
    const nameLength = archive.readUInt16LE(at + 28)
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === name) return contentAt(archive, at)
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error(`"${name}" not found in the archive`)
}

function contentAt(archive: Buffer, entry: number): Buffer {
  const isDeflated = archive.readUInt16LE(entry + 10) !== 0
  const member = archive.readUInt32LE(entry + 42)
  const start = member + 30 + archive.readUInt16LE(member + 26) + archive.readUInt16LE(member + 28)
  const content = archive.subarray(start, start + archive.readUInt32LE(entry + 20))
  return isDeflated ? inflateRawSync(content) : content
}

if (import.meta.main) writeFileSync(ZONE_NAMES_FILE, zoneNamesSource())
