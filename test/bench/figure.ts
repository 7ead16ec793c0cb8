/** Measured figure of the benchmark. */

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly budget?: number
  readonly note?: string
}
