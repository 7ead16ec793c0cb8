/**
 * Descriptors that are sent along with the bytes of a stream to the other end of it: each belongs to the byte with which it
 * was sent. Only the ends of a connection within one interpreter know each other. Part of a stream endpoint.
 */

interface Parcel {
  readonly at: number
  readonly descriptors: readonly number[]
}

export class Parcels {
  #other: Parcels | null = null
  #written = 0
  #read = 0
  #arrived: Parcel[] = []

  connect(other: Parcels): void {
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
    const isWanted = ({ at }: Parcel) => at >= this.#read - size
    const descriptorsOf = (parcels: readonly Parcel[]) => parcels.flatMap(({ descriptors }) => descriptors)
    return [descriptorsOf(due.filter(isWanted)), descriptorsOf(due.filter((parcel) => !isWanted(parcel)))]
  }
}
