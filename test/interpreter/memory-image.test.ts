/** File that stores the memory of an interpreter, and the checks when it is loaded. */

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snapshotPath } from '../../src/border/snapshot-name.ts'
import { MemoryImage, packImage } from '../../src/interpreter/pyodide/memory-image.ts'

const BLOCK_BYTES = 65_536
const HEADER = Buffer.from('what Pyodide wants to know, beside')

/** Returns a memory with two runs of bytes, and zeros between and after them. */
function memoryOf(blocks: number): Buffer {
  const memory = Buffer.alloc(blocks * BLOCK_BYTES)
  memory.fill('first', 0, 2 * BLOCK_BYTES)
  memory[5 * BLOCK_BYTES + 17] = 9
  return memory
}

describe('the stored memory of an interpreter', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-image-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const stored = (name: string, memory: Uint8Array) => {
    const bytes = packImage(HEADER, memory)
    const path = snapshotPath(join(folder, name), bytes.length, crc32(bytes))
    writeFileSync(path, bytes)
    return path
  }

  it('is restored with its header, and overwrites the previous bytes', () => {
    const memory = memoryOf(9)
    const image = new MemoryImage(stored('whole', memory))
    const other = Buffer.alloc(memory.length, 'used before')

    image.fill(other)

    expect(Buffer.from(image.header)).toEqual(HEADER)
    expect(image.size).toBe(memory.length)
    expect(other.equals(memory)).toBe(true)
  })

  it('keeps the remaining bytes of a memory that is larger', () => {
    const larger = Buffer.alloc(10 * BLOCK_BYTES, 7)

    new MemoryImage(stored('smaller', memoryOf(9))).fill(larger)

    expect(larger.subarray(9 * BLOCK_BYTES).equals(Buffer.alloc(BLOCK_BYTES, 7))).toBe(true)
  })

  it('is stored without its long runs of zeros', () => {
    expect(packImage(HEADER, memoryOf(200)).length).toBeLessThan(4 * BLOCK_BYTES)
    expect(packImage(HEADER, Buffer.alloc(BLOCK_BYTES)).length).toBeLessThan(100)
  })

  it.each([
    ['in the number of its runs', 4],
    ['in its size', 11],
    ['in its header', 20],
    ['in the offset of a run', 12 + HEADER.length + 2],
    ['in its bytes', 100_000],
  ])('is rejected if one bit is flipped %s', (name, place) => {
    const path = stored(name, memoryOf(9))
    const bytes = readFileSync(path)
    bytes[place] = (bytes[place] ?? 0) ^ 1
    writeFileSync(path, bytes)

    expect(() => new MemoryImage(path).fill(Buffer.alloc(9 * BLOCK_BYTES))).toThrow(/differs from the stored snapshot/)
  })

  it('is rejected if its file is truncated', () => {
    const path = stored('cut', memoryOf(9))
    truncateSync(path, 100_000)

    expect(() => new MemoryImage(path)).toThrow(/differs from the stored snapshot/)
  })
})
