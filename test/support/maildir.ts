/** A tree of Maildirs on disk, as other programs keep it, looked at and changed by the subjects of its messages. */
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export class Maildir {
  readonly #root: string
  #added = 0

  constructor(root: string) {
    this.#root = root
  }

  /** Folders, by their names on disk. */
  folders(): string[] {
    return globSync('**/cur', { cwd: this.#root }).map((path) => path.replace(/\/?cur$/, ''))
  }

  /** Flags (letters of a Maildir, sorted) by subject. */
  messages(folder: string): Record<string, string> {
    return Object.fromEntries(this.#files(folder).map((path) => [subjectOf(path), /:2,(\w*)$/.exec(path)?.[1] ?? '']))
  }

  read(folder: string, subject: string): Buffer {
    return readFileSync(this.#file(folder, subject))
  }

  /** Gives a message these flags. */
  mark(folder: string, subject: string, flags: string): void {
    const path = this.#file(folder, subject)
    renameSync(path, join(this.#root, folder, 'cur', `${basename(path).replace(/:2,\w*$/, '')}:2,${flags}`))
  }

  remove(folder: string, subject: string): void {
    rmSync(this.#file(folder, subject))
  }

  add(folder: string, message: string): void {
    writeFileSync(join(this.#root, folder, 'new', `1700000000.${++this.#added}.test`), message)
  }

  create(folder: string): void {
    for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(this.#root, folder, part), { recursive: true })
  }

  /** Contents of all messages, by their paths: flags and numbers are parts of these. */
  snapshot(): Record<string, string> {
    const paths = globSync('**/{cur,new}/*', { cwd: this.#root }).sort()
    return Object.fromEntries(paths.map((path) => [path, readFileSync(join(this.#root, path), 'latin1')]))
  }

  #files(folder: string): string[] {
    return globSync('{cur,new}/*', { cwd: join(this.#root, folder) }).map((path) => join(this.#root, folder, path))
  }

  #file(folder: string, subject: string): string {
    const [file, ...more] = this.#files(folder).filter((path) => subjectOf(path) === subject)
    if (file === undefined || more.length > 0) throw new Error(`not one "${subject}" in ${folder}`)
    return file
  }
}

const subjectOf = (path: string): string => /^Subject: (.*?)\r?$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
