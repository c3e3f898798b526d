/** Prepared statements: the same text has the same name on every connection, so the server plans it once per connection. */
import { createHash } from 'node:crypto'

export interface NamedStatement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

/** A function that gives a statement its name, which derives from its text. Texts are constants of the code, so the cache is small. */
export function createStatementNames(): (text: string, values: readonly unknown[]) => NamedStatement {
  const names = new Map<string, string>()
  return (text, values) => {
    let name = names.get(text)
    if (name === undefined) {
      name = createHash('sha256').update(text).digest('hex').slice(0, 24)
      names.set(text, name)
    }
    return { name, text, values: [...values] }
  }
}
