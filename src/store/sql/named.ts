/** Returns columns of a query with the names that they have in the model: `created_at` becomes `createdAt`. */
export function withNames(columns: string): string {
  const listed = columns.split(',').map((column) => {
    const [name = ''] = column.trim().split('.').slice(-1)
    const ofModel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return name.includes(' ') || name === ofModel ? column.trim() : `${column.trim()} AS "${ofModel}"`
  })
  return listed.join(', ')
}
