/**
 * Descriptors sent with bytes of a stream between ends in one interpreter. Each belongs to the byte with which it was
 * sent. Part of a stream endpoint.
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

  send(size: number, descriptors: readonly number[]): void {
    const other = this.#other
    if (other !== null) other.#arrived.push({ at: this.#written - size, descriptors })
  }

  /** Returns the descriptors of the last `size` bytes that were read, and those of earlier bytes that nobody took. */
  take(size: number): [wanted: number[], unwanted: number[]] {
    const due = this.#arrived.filter(({ at }) => at < this.#read)
    this.#arrived = this.#arrived.filter(({ at }) => at >= this.#read)
    const isWanted = ({ at }: Passed) => at >= this.#read - size
    const descriptorsOf = (passed: readonly Passed[]) => passed.flatMap(({ descriptors }) => descriptors)
    return [descriptorsOf(due.filter(isWanted)), descriptorsOf(due.filter((each) => !isWanted(each)))]
  }
}
