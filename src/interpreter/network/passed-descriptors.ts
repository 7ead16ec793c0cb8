/**
 * Descriptors that are sent along with the bytes of a stream to the other end of it: each belongs to the byte with which it
 * was sent. Only the ends of a connection within one interpreter know each other. Part of a stream endpoint.
 */

interface Passed {
  readonly at: number
  readonly descriptors: readonly number[]
}

export class PassedDescriptors {
  #other: PassedDescriptors | null = null
  #written = 0
  #read = 0
  #arrived: Passed[] = []

  connect(other: PassedDescriptors): void {
    this.#other = other
    other.#other = this
  }

  get isConnected(): boolean {
    return this.#other !== null
  }

  wrote(size: number): void {
    this.#written += size
  }

  read(size: number): void {
    this.#read += size
  }

  /** Sends descriptors with the last `size` bytes that were written. */
  send(size: number, descriptors: readonly number[]): void {
    const other = this.#other
    if (other !== null) other.#arrived.push({ at: this.#written - size, descriptors })
  }

  /** All that came with bytes that were read: those with the last `size` bytes, and those that nobody wanted before. */
  take(size: number): [wanted: number[], unwanted: number[]] {
    const due = this.#arrived.filter(({ at }) => at < this.#read)
    this.#arrived = this.#arrived.filter(({ at }) => at >= this.#read)
    const isWanted = ({ at }: Passed) => at >= this.#read - size
    const descriptorsOf = (passed: readonly Passed[]) => passed.flatMap(({ descriptors }) => descriptors)
    return [descriptorsOf(due.filter(isWanted)), descriptorsOf(due.filter((each) => !isWanted(each)))]
  }
}
