/** Repeatable random numbers: one seed results in the same sequence on every machine. */

const UINT32 = 2 ** 32

export class SeededRandom {
  #state: number

  constructor(seed: number | string) {
    this.#state = typeof seed === 'number' ? seed >>> 0 : hashOf(seed)
  }

  /** Returns a number in [0, 1). The generator is mulberry32. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let value = this.#state
    value = Math.imul(value ^ (value >>> 15), value | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / UINT32
  }

  /** Returns a whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.int(0, values.length - 1)]
    if (value === undefined) throw new RangeError('There is no value to pick from.')
    return value
  }

  /** Returns a UUID of version 4. */
  readonly uuid = (): string => {
    const digits = Array.from({ length: 4 }, () =>
      Math.floor(this.next() * UINT32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
    const variant = ((Number.parseInt(digits[16] ?? '0', 16) & 3) | 8).toString(16)
    const [first, second, third] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(13, 16)]
    return `${first}-${second}-4${third}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`
  }
}

/** Returns the FNV-1a hash of a text, mixed again so that similar texts differ in every bit. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
