/**
 * Names of snapshot files: dependencies, size and CRC-32, so that truncated or changed files are not used. The engine
 * stores files under them; an interpreter reads and checks them.
 */

/** `place`: the path without what depends on the content. */
export function snapshotPath(place: string, size: number, checksum: number): string {
  return `${place}-${size}-${checksum.toString(16).padStart(8, '0')}.bin`
}

const NAME = /-(\d+)-([0-9a-f]{8})\.bin$/

export function snapshotContent(path: string): { readonly size: number; readonly checksum: number } | null {
  const found = NAME.exec(path)
  return found && { size: Number(found[1]), checksum: Number.parseInt(found[2] ?? '', 16) }
}
