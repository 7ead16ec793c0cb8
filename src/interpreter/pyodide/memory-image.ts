/**
 * Python's memory as stored: without long runs of zeros, a third of it, and read directly into the memory of the next
 * interpreter. Packed and used by `snapshot.ts`.
 *
 *   3 numbers of 32 bits: bytes of the header, number of runs, bytes of the memory
 *   the header: what Pyodide wants to know besides
 *   the runs: begin and end of each in the memory, as numbers of 32 bits
 *   the bytes of the runs
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { snapshotContent } from '../../border/snapshot-name.ts'

const HEAD_NUMBERS = 3
const NUMBER_BYTES = 4
/** Size of a page of WebAssembly. The whole memory and its omitted parts are multiples of it. */
const BLOCK_BYTES = 65_536
const ZEROS = Buffer.alloc(BLOCK_BYTES)
/** Size of reads, small enough to be in the processor's cache when the checksum is computed. */
const PIECE_BYTES = 1_048_576

interface Run {
  readonly begin: number
  readonly end: number
}

export function packImage(header: Uint8Array, memory: Uint8Array): Uint8Array {
  const runs = runsOf(memory)
  const numbers = new Uint32Array([header.length, runs.length, memory.length])
  const bounds = new Uint32Array(runs.flatMap(({ begin, end }) => [begin, end]))
  const parts = runs.map(({ begin, end }) => memory.subarray(begin, end))
  return Buffer.concat([bytesOf(numbers), header, bytesOf(bounds), ...parts])
}

function runsOf(memory: Uint8Array): readonly Run[] {
  const runs: { begin: number; end: number }[] = []
  for (let begin = 0; begin < memory.length; begin += BLOCK_BYTES) {
    const end = Math.min(begin + BLOCK_BYTES, memory.length)
    if (isZero(memory.subarray(begin, end))) continue
    const last = runs.at(-1)
    if (last?.end === begin) last.end = end
    else runs.push({ begin, end })
  }
  return runs
}

export class MemoryImage {
  readonly header: Uint8Array
  readonly size: number
  readonly #file: number
  readonly #runs: readonly Run[]
  #checksum: number
  readonly #expected: number
  #place: number

  /** Throws if the file is visibly not the stored one. */
  constructor(path: string) {
    const content = snapshotContent(path)
    // Uncoded: a start without the snapshot follows
    if (content === null) throw new Error(`"${path}" is not the name of a snapshot`)
    this.#expected = content.checksum
    this.#file = openSync(path, 'r')
    this.#checksum = 0
    this.#place = 0
    try {
      if (fstatSync(this.#file).size !== content.size) refuse()
      const [headerBytes = 0, runCount = 0, size = 0] = numbersOf(this.#read(HEAD_NUMBERS * NUMBER_BYTES))
      const boundsBytes = runCount * 2 * NUMBER_BYTES
      if (this.#place + headerBytes + boundsBytes > content.size) refuse()
      this.header = this.#read(headerBytes)
      const bounds = numbersOf(this.#read(boundsBytes))
      this.#runs = Array.from({ length: runCount }, (_, run) => ({
        begin: bounds[2 * run] ?? 0,
        end: bounds[2 * run + 1] ?? 0,
      }))
      this.size = size
    } catch (error) {
      closeSync(this.#file)
      throw error
    }
  }

  /**
   * Restores a memory of at least this size. Called once. Throws if the file differs from the stored one, because
   * Python could fail at any later time.
   */
  fill(memory: Uint8Array): void {
    try {
      let done = 0
      for (const { begin, end } of this.#runs) {
        if (begin < done || end < begin || end > this.size) refuse()
        clear(memory.subarray(done, begin))
        for (let at = begin; at < end; at += PIECE_BYTES)
          this.#readInto(memory.subarray(at, Math.min(at + PIECE_BYTES, end)))
        done = end
      }
      clear(memory.subarray(done, this.size))
      if (this.#checksum !== this.#expected) refuse()
    } finally {
      closeSync(this.#file)
    }
  }

  #read(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    this.#readInto(bytes)
    return bytes
  }

  #readInto(bytes: Uint8Array): void {
    for (let filled = 0; filled < bytes.length; ) {
      const count = readSync(this.#file, bytes, filled, bytes.length - filled, this.#place)
      if (count === 0) refuse()
      filled += count
      this.#place += count
    }
    this.#checksum = crc32(bytes, this.#checksum)
  }
}

function refuse(): never {
  throw new Error('its content differs from the stored snapshot') // Uncoded: a start without the snapshot follows
}

/** Clears memory. Unwritten pages are zero already, and writing to them would use memory. */
function clear(memory: Uint8Array): void {
  for (let at = 0; at < memory.length; at += BLOCK_BYTES) {
    const block = memory.subarray(at, at + BLOCK_BYTES)
    if (!isZero(block)) block.fill(0)
  }
}

function isZero(block: Uint8Array): boolean {
  return Buffer.compare(block, block.length === BLOCK_BYTES ? ZEROS : ZEROS.subarray(0, block.length)) === 0
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}

/** `bytes`: of an array of their own. */
function numbersOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, 0, bytes.length / NUMBER_BYTES)
}
