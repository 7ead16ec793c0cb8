/** Properties that the page passes to each screen. */

export interface ScreenProps {
  /** The parts of the address that have no fixed text, decoded. */
  readonly params: readonly string[]
}
