/** Writer and parser of the table of packages in the manual. Used by `try.ts`. */

export interface Row {
  readonly name: string
  /** `yes` or `no`; in `used` also `–`, if no server is available. */
  readonly installed: string
  readonly imported: string
  readonly used: string
  /** Result of the same use under `--python` with packages from pip, or `–` if it was not tried. */
  readonly usedByPython: string
  /** Description of the use, or reason for its failure. */
  readonly remark: string
}

const HEAD = ['Package', 'Installs', 'Imports', 'Works', 'With `--python`', 'Tested use, or reason']
const START = '<!-- Written by tools/packages/try.ts -->'

export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ name, installed, imported, used, usedByPython, remark }) => [
    `\`${name}\``,
    installed,
    imported,
    used,
    usedByPython,
    remark.replaceAll('|', '\\|'),
  ])
  const cells = [HEAD, ...lines]
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)))
  const [head, ...others] = cells.map((line) => inColumns(line, widths, ' '))
  const rule = inColumns(
    HEAD.map(() => ''),
    widths,
    '-',
  )
  return [head, rule, ...others].join('\n')
}

function inColumns(cells: readonly string[], widths: readonly number[], filler: string): string {
  return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`
}

/** Returns the page with these rows in place of its rows for the same packages. `order` names all packages. */
export function pageWith(page: string, rows: readonly Row[], order: readonly string[]): string {
  const known = new Map([...rowsOf(page), ...rows].map((row) => [row.name, row]))
  const all = order.flatMap((name) => known.get(name) ?? [])
  const works = all.filter(({ used }) => used === 'yes').length
  const worksByPython = all.filter(({ usedByPython }) => usedByPython === 'yes').length
  const before = page.split(START)[0] ?? ''
  const summary = `${works} of ${all.length} packages work, ${worksByPython} with \`--python\`.`
  return `${before}${START}\n\n${summary}\n\n${tableOf(all)}\n`
}

export function rowsOf(page: string): readonly Row[] {
  const lines = (page.split(START)[1] ?? '').split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) => {
    const [, name = '', installed = '', imported = '', used = '', usedByPython = '', remark = ''] = line
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
    return {
      name: name.replaceAll('`', ''),
      installed,
      imported,
      used,
      usedByPython,
      remark: remark.replaceAll('\\|', '|'),
    }
  })
}
