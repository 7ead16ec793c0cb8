/** The part of Emscripten's file system that the host's rules work on; Pyodide's types leave it open. */

import type { PyodideAPI } from 'pyodide'

/** A file or folder that was looked up; kept under its name in its folder until it is destroyed. */
export interface FileNode {
  readonly id: number
  readonly parent: FileNode
  readonly mount: { readonly type: unknown }
  readonly mode: number
  name: string
  /** Operations on it and in it, by name. Nodes of a kind share them. */
  node_ops: Readonly<Record<string, unknown>>
}

/** An open file; `nfd` is its descriptor in Node when it is one of the host's. */
export interface FileStream {
  readonly nfd?: number
  readonly fd: number
  readonly path: string
  /** State that all duplicates share. */
  readonly shared?: { position?: number; refcount?: number }
  readonly node: FileNode
  readonly stream_ops: Partial<StreamOperations>
  /** Flags of `open`, shared by all duplicates of a descriptor. */
  flags: number
}

export interface StreamOperations {
  getattr(stream: FileStream): Attributes
  poll(stream: FileStream): number
  dup(stream: FileStream): void
  ioctl(stream: FileStream, request: number, argument: number): number
  fsync(stream: FileStream): number
  read(stream: FileStream, buffer: Int8Array | Uint8Array, offset: number, length: number): number
  write(stream: FileStream, buffer: Int8Array | Uint8Array, offset: number, length: number): number
  close(stream: FileStream): void
}

/** Answer of a node's `getattr`. Times are any objects with milliseconds. */
export interface Attributes {
  readonly dev: number
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  readonly blksize: number
  readonly blocks: number
  readonly atime: { getTime(): number }
  readonly mtime: { getTime(): number }
  readonly ctime: { getTime(): number }
}

interface NewAttributes {
  readonly mode?: number
  readonly size?: number
  readonly atime?: number
  readonly mtime?: number
}

interface NodeFS {
  readonly node_ops: {
    getattr(node: FileNode): Attributes
    mknod(parent: FileNode, name: string, mode: number, dev: number): FileNode
    setattr(node: FileNode, attributes: NewAttributes): void
    rename(node: FileNode, newFolder: FileNode, newName: string): void
    unlink(folder: FileNode, name: string): void
    rmdir(folder: FileNode, name: string): void
  }
  readonly stream_ops: Partial<StreamOperations> & {
    fsync?: (stream: FileStream) => number
    open(stream: FileStream): void
    setattr(stream: FileStream, attributes: NewAttributes): void
    getattr(stream: FileStream): Attributes
  }
  realPath(node: FileNode): string
  convertNodeCode(error: unknown): number
  createNode(parent: FileNode, name: string, mode: number, dev: number): FileNode
}

export interface EmscriptenFS {
  readonly ErrnoError: new (errno: number) => Error & { readonly errno: number }
  readonly filesystems: { readonly NODEFS: NodeFS }
  mkdirTree(path: string): void
  symlink(target: string, path: string): void
  mount(type: unknown, options: { root: string }, mountpoint: string): unknown
  analyzePath(path: string): { exists: boolean }
  open(path: string, flags: unknown, mode?: number): unknown
  mkdir(path: string, mode?: number): FileNode
  rename(oldPath: string, newPath: string): void
  lookupPath(
    path: string,
    options: { readonly parent?: boolean; readonly follow?: boolean },
  ): { readonly node: FileNode }
  lookupNode(folder: FileNode, name: string): FileNode
  mayCreate(folder: FileNode, name: string): number
  mayOpen(node: FileNode, flags: number): number
  destroyNode(node: FileNode): void
  isMountpoint(node: FileNode): boolean
  nodePermissions(node: FileNode, permissions: string): number
  MAX_OPEN_FDS: number
  /** Returns the lowest free number; throws EMFILE. */
  nextfd: () => number
  readonly streams: readonly (FileStream | null | undefined)[]
  close(stream: FileStream): void
  getStream(descriptor: number): FileStream | null | undefined
  createStream(stream: Omit<FileStream, 'fd'> & { seekable: boolean }, descriptor?: number): FileStream
  dupStream(stream: FileStream, descriptor: number): FileStream
  createNode(parent: FileNode, name: string, mode: number, dev: number): FileNode
}

export function emscriptenFileSystem(pyodide: PyodideAPI): EmscriptenFS {
  return pyodide.FS as unknown as EmscriptenFS
}
