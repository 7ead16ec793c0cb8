/** Builds wheels: zip files with a module and its metadata. */

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export interface Wheel {
  readonly fileName: string
  readonly bytes: Buffer
}

export interface WheelOptions {
  /** `Requires-Dist` lines. */
  readonly requires?: readonly string[]
  /** Compatibility tag; by default that of a pure-Python wheel. */
  readonly tag?: string
  /** Name of the module; by default the name of the package. */
  readonly module?: string
  /** Further files of the wheel, by path. */
  readonly files?: Readonly<Record<string, string | Buffer>>
}

/** Builds a wheel of a package with one module. */
export function pureWheel(name: string, version: string, source: string, options: WheelOptions = {}): Wheel {
  const { requires = [], tag = 'py3-none-any', files: others = {} } = options
  const distribution = name.replaceAll('-', '_')
  const { module = distribution } = options
  const info = `${distribution}-${version}.dist-info`
  const needed = requires.map((each) => `Requires-Dist: ${each}\n`).join('')
  const files: [string, string | Buffer][] = [
    [`${module}.py`, source],
    ...Object.entries(others),
    [`${info}/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${needed}`],
    [`${info}/WHEEL`, `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`],
  ]
  const lines = files.map(([path, text]) => `${path},sha256=${digest(text)},${Buffer.byteLength(text)}`)
  files.push([`${info}/RECORD`, `${[...lines, `${info}/RECORD,,`].join('\n')}\n`])
  return { fileName: `${distribution}-${version}-${tag}.whl`, bytes: zip(files) }
}

function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Builds a zip file with uncompressed members. */
export function zip(files: readonly (readonly [string, string | Buffer])[]): Buffer {
  const members: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [path, text] of files) {
    const [name, data] = [Buffer.from(path), Buffer.from(text as string)]
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(0x21, 8) // 1 January 1980
    facts.writeUInt32LE(crc32(data), 10)
    facts.writeUInt32LE(data.length, 14)
    facts.writeUInt32LE(data.length, 18)
    facts.writeUInt16LE(name.length, 22)
    members.push(Buffer.from('PK\x03\x04'), facts, name, data)
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(0o100644 * 0x10000, 6)
    tail.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), facts, tail, name)
    offset += 4 + facts.length + name.length + data.length
  }
  const listing = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(listing.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...members, listing, Buffer.from('PK\x05\x06'), end])
}
