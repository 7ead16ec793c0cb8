/** Rows of import tables. Used by the tests of the structure of `src/` and of the Python package. */

export interface Row {
  /** Importing files, which may import each other. If several rows match a file, the first one applies. */
  readonly files: RegExp
  /** Reason for the limits of this row. */
  readonly reason: string
  /** Further permitted imports: paths from the root, packages, `node:` modules. */
  readonly may: readonly RegExp[]
  /** Further imports that are permitted as types only. */
  readonly mayTypes?: readonly RegExp[]
}

interface Import {
  readonly target: string
  readonly isTypeOnly: boolean
}

export function isPermitted({ target, isTypeOnly }: Import, row: Row | undefined): boolean {
  if (row === undefined) return false
  const patterns = [row.files, ...row.may, ...(isTypeOnly ? (row.mayTypes ?? []) : [])]
  return patterns.some((pattern) => pattern.test(target))
}

/** Returns the rows whose reason is not a sentence. */
export function rowsWithoutReason(rows: readonly Row[]): readonly string[] {
  return rows.filter(({ reason }) => !/^[A-Z]\S*( \S+){3,}\.$/.test(reason)).map(({ files }) => String(files))
}
