/** A place in the code: the name of the file, with its whole path under the mouse. */

interface PlaceProps {
  readonly place: { readonly file: string; readonly line: number }
}

export function Place({ place: { file, line } }: PlaceProps) {
  return (
    <span title={`${file}:${line}`}>
      {file.split(/[\\/]/).at(-1) ?? file}:{line}
    </span>
  )
}
