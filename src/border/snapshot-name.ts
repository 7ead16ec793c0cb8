/**
 * The names of snapshot files: what a snapshot depends on, its size and its CRC-32, so that one that was cut short is not
 * found, and one whose bytes have changed is not used. The engine stores under them; an interpreter reads and checks.
 */

/** `place`: the path without what depends on the content. */
export function snapshotPath(place: string, size: number, checksum: number): string {
  return `${place}-${size}-${checksum.toString(16).padStart(8, '0')}.bin`
}

const NAME = /-(\d+)-([0-9a-f]{8})\.bin$/

/** What a path says about its content; null when it is not that of a snapshot. */
export function snapshotContent(path: string): { readonly size: number; readonly checksum: number } | null {
  const found = NAME.exec(path)
  return found && { size: Number(found[1]), checksum: Number.parseInt(found[2] ?? '', 16) }
}
