/** Node's own import, in its own file, because test runners replace the import in files that they transform. */

export function nativeImport(url: string): Promise<Readonly<Record<string, unknown>>> {
  return import(url)
}
